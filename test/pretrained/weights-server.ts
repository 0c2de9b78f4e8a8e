// A server on loopback that serves files well or badly, and the weights that the tests fetch from it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { TestContext } from "node:test";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { createModel } from "../../src/models/catalog.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import type { PretrainedEnvironment } from "../../src/node/pretrained/environment.js";
import { packageRoot } from "../helpers/fixtures.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const published = path.join(packageRoot, "../shared/data/weights/resnet20-12fca82f.th");

/** Weights of CIFAR-10 as akamaster publishes them; null where the file is not beside this checkout. */
export const publishedFile: Buffer | null = existsSync(published) ? readFileSync(published) : null;

/** Why tests with published weights are skipped; false where the file is here. */
export const skipWithoutPublished = publishedFile
  ? (false as const)
  : "the published weights of ResNet-20 are not on this machine";

/** A file of weights of a CIFAR ResNet-20, of this many classes. */
export const ownWeights = async (classes = 10): Promise<Buffer> => {
  const model = createModel("cifar-resnet20", { classes, channels: 3 });
  return Buffer.from(await writeSafetensors(initialState(model, 3)));
};

export const sha256 = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

/** SHA-1 of a file as git has it. */
export const gitHash = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export interface TestServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The requests so far. */
  readonly asked: Asked[];
  readonly server: Server;
}

/** Answers requests until the test ends. */
export async function serve(
  t: Pick<TestContext, "after">,
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<TestServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    const { range, authorization } = headers;
    asked.push({ method, path: url, range, authorization });
    answer(request, response, asked.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, server };
}

/** Sends a file, or the rest of it that the request asks for. */
export function sendFile(request: IncomingMessage, response: ServerResponse, file: Buffer): void {
  const [, first] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(first ?? 0);
  const rest = file.subarray(start);
  const range = { "content-range": `bytes ${start}-${file.length - 1}/${file.length}` };
  response.writeHead(first === undefined ? 200 : 206, {
    "content-length": rest.length,
    ...(first !== undefined && range),
  });
  response.end(request.method === "HEAD" ? undefined : rest);
}

/** A machine with an empty cache, whose requests go to a server of the test. */
export function testMachine(
  t: Pick<TestContext, "after">,
  server: TestServer | null,
  hub: Partial<PretrainedEnvironment["hub"]> = {},
): PretrainedEnvironment {
  const cacheDir = path.join(scratchFolder(t), "pretrained");
  return {
    cacheDir,
    tempDir: scratchFolder(t),
    stallTimeoutMs: 10_000,
    hub: { endpoint: server?.url ?? "", token: undefined, isOffline: false, ...hub },
    async fetch(url, init) {
      if (!server) throw new Error("this machine has no network");
      const { origin, pathname } = new URL(url);
      return fetch(origin.startsWith("http://127.0.0.1") ? url : server.url + pathname, init);
    },
  };
}

/** Writes files into a new folder. */
export function folderOf(
  t: Pick<TestContext, "after">,
  files: Readonly<Record<string, Uint8Array | string>>,
): string {
  const folder = scratchFolder(t);
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), contents);
  }
  return folder;
}
