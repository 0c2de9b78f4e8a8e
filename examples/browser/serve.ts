// Serves a page that trains a ResNet in the browser, and the images of Fashion-MNIST for it.
//     node dist/examples/browser/serve.js [port]
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import {
  findRecipe,
  loadDataset,
  splitRows,
  takeRows,
  writeSafetensors,
  type HostArray,
} from "resnet-ts";

const page = fileURLToPath(new URL("../../../examples/browser/page", import.meta.url));

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
};

/** The server, on this machine only. */
export async function servePage(
  port = 0,
): Promise<{ readonly url: string; readonly close: () => void }> {
  const { outputFiles } = await build({
    entryPoints: ["main.ts", "worker.ts"].map((name) => path.join(page, name)),
    outdir: page,
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2023",
    minify: true,
    logLevel: "error",
  });
  const scripts = new Map(
    outputFiles.map(({ path: file, contents }) => [path.basename(file), contents]),
  );
  const contentOf = async ({ pathname, searchParams }: URL): Promise<Uint8Array | undefined> => {
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    if (name === "images.safetensors") {
      const sizeOf = (part: string): number => Number(searchParams.get(part));
      return imagesFile(sizeOf("train"), sizeOf("valid"));
    }
    if (name === "index.html" || name === "style.css") return readFile(path.join(page, name));
    return scripts.get(name);
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const type = types[path.extname(url.pathname) || ".html"] ?? "application/octet-stream";
    contentOf(url).then(
      (content) =>
        content
          ? response.writeHead(200, { "content-type": type }).end(content)
          : response.writeHead(404).end("there is no such file"),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Images and labels, the rows that `resnet train` and `resnet eval` draw for these sizes. */
async function imagesFile(train: number, valid: number): Promise<Uint8Array> {
  const dataset = (await loadDataset("fashion-mnist")).train;
  const { seed } = findRecipe("fashion-resnet34").config;
  const rows = splitRows(dataset.labels.data.length, { train, valid }, seed);
  const tensors = new Map<string, HostArray<"u8"> | HostArray<"i32">>();
  for (const [name, part] of Object.entries(rows)) {
    const { images, labels } = takeRows(dataset, part);
    tensors.set(`${name}.images`, images).set(`${name}.labels`, labels);
  }
  return writeSafetensors(tensors, { classes: JSON.stringify(dataset.classes) });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { url } = await servePage(Number(process.argv[2] ?? 8080));
  console.log(`open ${url}`);
}
