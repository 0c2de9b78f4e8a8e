import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { serve } from "./weights-server.js";

const module = fileURLToPath(new URL("../../src/node/net/proxy-fetch.js", import.meta.url));

/** The text at an address, fetched by a process with these variables. */
async function fetched(address: string, env: Readonly<Record<string, string>>): Promise<string> {
  const script = `import { proxyFetch } from ${JSON.stringify(module)};
    process.stdout.write(await (await proxyFetch(${JSON.stringify(address)})).text());`;
  const words = ["--input-type=module", "--eval", script];
  const { PATH = "" } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, words, { env: { PATH, ...env } });
  return stdout;
}

describe("proxyFetch", () => {
  test("goes through the proxy of the environment, but not to the hosts of no_proxy", async (t) => {
    const target = await serve(t, (_, response) => void response.end("weights"));
    const proxy = await serve(t, (_, response) => void response.end("a proxied request"));
    const tunnels: string[] = [];
    proxy.server.on("connect", ({ url = "" }, socket) => {
      tunnels.push(url);
      const { port } = new URL(target.url);
      const upstream = connect(Number(port), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      socket.on("error", () => upstream.destroy());
      upstream.on("error", () => socket.destroy());
    });
    const proxied = (): number => tunnels.length + proxy.asked.length;
    assert.equal(await fetched(target.url, {}), "weights");
    assert.equal(proxied(), 0);
    for (const name of ["http_proxy", "HTTP_PROXY"]) {
      const before = proxied();
      await fetched("http://weights.example/net.pth", { [name]: proxy.url });
      assert.equal(proxied(), before + 1, name);
    }
    const count = proxied();
    const env = { http_proxy: proxy.url, no_proxy: "127.0.0.1" };
    assert.equal(await fetched(target.url, env), "weights");
    assert.equal(proxied(), count);
  });
});
