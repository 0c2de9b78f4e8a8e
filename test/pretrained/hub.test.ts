import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { machineWeights } from "../../src/node/pretrained/environment.js";
import { parseHubPlace } from "../../src/node/pretrained/hub.js";
import {
  fetchPretrained,
  loadPretrained,
  readPretrained,
} from "../../src/node/pretrained/pretrained.js";
import {
  folderOf,
  gitHash,
  ownWeights,
  sendFile,
  serve,
  sha256,
  testMachine,
} from "./weights-server.js";

const weights = await ownWeights(3);
const config = Buffer.from(
  JSON.stringify({
    architecture: "cifar-resnet20",
    num_classes: 3,
    label_names: ["n1", "n2", "n3"],
    label_descriptions: { n1: "ant", n2: "bee", n3: "wasp" },
    pretrained_cfg: {
      input_size: [3, 40, 40],
      crop_pct: 0.8,
      interpolation: "bicubic",
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
      license: "mit",
    },
  }),
);
const files = new Map([
  ["config.json", config],
  ["model.safetensors", weights],
]);
const commit = "0123456789abcdef0123456789abcdef01234567";

/** A Hub with the repository `us/net`, whose weights are on another host; answers nothing without `token` if there is one. */
async function startHub(t: Parameters<typeof serve>[0], token?: string) {
  const store = await serve(t, (request, response) => sendFile(request, response, weights));
  const hub = await serve(t, (request, response) => {
    const pattern = /^\/us\/net\/resolve\/(main|release%2F1|[0-9a-f]{40})\/(.+)$/;
    const [, revision, name = ""] = pattern.exec(request.url!) ?? [];
    const bytes = files.get(name);
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
      return void response.writeHead(401).end();
    if (request.url!.startsWith("/us/old/")) {
      const location = request.url!.replace("/us/old/", "/us/net/");
      return void response.writeHead(307, { location }).end();
    }
    if (revision === undefined || !bytes) return void response.writeHead(404).end();
    response.setHeader("x-repo-commit", commit);
    if (name === "config.json") {
      response.setHeader("etag", `"${gitHash(bytes)}"`);
      return sendFile(request, response, bytes);
    }
    const location = `${store.url}/blob`;
    const tags = { "x-linked-etag": `"${sha256(bytes)}"`, etag: '"of-the-redirect"', location };
    return void response.writeHead(302, tags).end();
  });
  return { hub, store };
}

describe("weights of the Hub", () => {
  test("are read with their classes and their preparation of pictures", async (t) => {
    const { hub } = await startHub(t);
    const { description, state } = await readPretrained("hf:us/net", {}, testMachine(t, hub));
    assert.equal(description.model, "cifar-resnet20");
    assert.deepEqual(description.classes, ["ant", "bee", "wasp"]);
    assert.deepEqual(description.imageShape, [40, 40, 3]);
    assert.deepEqual(description.transforms, [
      { type: "resize", size: 50, interpolation: "bicubic" },
      { type: "centerCrop", size: 40 },
    ]);
    assert.deepEqual(description.normalize, { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
    assert.deepEqual(state.get("linear.bias")!.shape, [3]);
  });

  test("are named by their commit, with their licence", async (t) => {
    const { hub } = await startHub(t);
    const machine = testMachine(t, hub);
    const found = await fetchPretrained("hf:us/net@release/1", {}, machine);
    assert.equal(found.weights.name, `hf:us/net@${commit}`);
    assert.equal(found.weights.licence, "mit");
    assert.equal(found.weights.top1, null);
    assert.ok(readFileSync(found.file).equals(weights));
    assert.equal(found.file, path.join(machine.cacheDir, "us/net", commit, "model.safetensors"));
  });

  test("follow a repository that has another name now", async (t) => {
    const { hub } = await startHub(t);
    const net = await loadPretrained("hf:us/old", {}, testMachine(t, hub));
    assert.deepEqual(net.stateDict().get("linear.bias")!.shape, [3]);
  });

  test("are fetched once, and used without a network when HF_HUB_OFFLINE is set", async (t) => {
    const { hub, store } = await startHub(t);
    const machine = testMachine(t, hub);
    await fetchPretrained("hf:us/net", {}, machine);
    await fetchPretrained("hf:us/net", {}, machine);
    assert.equal(store.asked.length, 1);
    const bytes = hub.asked.length;
    const offline = { ...machine, hub: { ...machine.hub, isOffline: true } };
    await fetchPretrained("hf:us/net", {}, offline);
    await fetchPretrained(`hf:us/net@${commit}`, {}, offline);
    assert.equal(hub.asked.length, bytes);
    await assert.rejects(fetchPretrained("hf:us/net@release/1", {}, offline), {
      code: "ERR_PRETRAINED",
      message:
        `${machine.cacheDir} has no us/net@release/1, and nothing is fetched with HF_HUB_OFFLINE or --pretrained-dir: ` +
        "fetch it once without them",
    });
  });

  test("need the token, which no other host sees", async (t) => {
    const { hub, store } = await startHub(t, "hf_secret");
    await assert.rejects(fetchPretrained("hf:us/net", {}, testMachine(t, hub)), {
      code: "ERR_PRETRAINED",
      message:
        `${hub.url}/us/net/resolve/main/config.json: the Hub answered 401: ` +
        "there is no such repository, or it needs a token: set HF_TOKEN",
    });
    await fetchPretrained("hf:us/net", {}, testMachine(t, hub, { token: "hf_secret" }));
    assert.deepEqual(
      store.asked.map(({ authorization }) => authorization),
      [undefined],
    );
  });

  test("are refused if they are not what the Hub says", async (t) => {
    const damaged = Buffer.from(weights);
    damaged[damaged.length - 1]! ^= 1;
    const hub = await serve(t, (request, response) => {
      const isConfig = request.url!.endsWith("config.json");
      response.setHeader("x-repo-commit", commit);
      response.setHeader("etag", `"${isConfig ? gitHash(config) : sha256(weights)}"`);
      sendFile(request, response, isConfig ? config : damaged);
    });
    const machine = testMachine(t, hub);
    await assert.rejects(fetchPretrained("hf:us/net", {}, machine), {
      code: "ERR_PRETRAINED_FILE",
      message:
        `${hub.url}/us/net/resolve/${commit}/model.safetensors: this is not the published file: ` +
        `its SHA-256 is ${sha256(damaged)}, and the published one is ${sha256(weights)}`,
    });
    assert.ok(!existsSync(path.join(machine.cacheDir, "us/net", commit, "model.safetensors")));
  });

  test("come from --pretrained-dir: a repository, or a copy of the cache", async (t) => {
    const { hub } = await startHub(t);
    const none = testMachine(t, null);
    const pretrainedDir = folderOf(t, {
      "us/net/config.json": config,
      "us/net/model.safetensors": weights,
    });
    const found = await fetchPretrained("hf:us/net", { pretrainedDir }, none);
    assert.equal(found.weights.name, "hf:us/net");
    assert.equal(found.file, path.join(pretrainedDir, "us/net/model.safetensors"));
    const machine = testMachine(t, hub);
    await fetchPretrained("hf:us/net", {}, machine);
    const copied = await fetchPretrained("hf:us/net", { pretrainedDir: machine.cacheDir }, none);
    assert.equal(copied.weights.name, `hf:us/net@${commit}`);
    await assert.rejects(fetchPretrained("hf:us/other", { pretrainedDir }, none), {
      code: "ERR_PRETRAINED",
      message: `${path.join(pretrainedDir, "us/other")} has no config.json`,
    });
    await assert.rejects(fetchPretrained("hf:us/net", { pretrainedDir: "/no/where" }, none), {
      message: "the directory of weights /no/where does not exist",
    });
  });

  test("give one sentence where there is no such repository, no Hub or no network", async (t) => {
    const { hub } = await startHub(t);
    await assert.rejects(fetchPretrained("hf:us/none", {}, testMachine(t, hub)), {
      message: `${hub.url}/us/none/resolve/main/config.json: the Hub answered 404: there is no such repository, revision or file`,
    });
    const page = await serve(t, (_, response) => void response.end("<html>"));
    await assert.rejects(fetchPretrained("hf:us/net", {}, testMachine(t, page)), {
      message: `${page.url} does not state the commit of us/net@main: it is not an endpoint of the Hub; check HF_ENDPOINT`,
    });
    const none = testMachine(t, null, { endpoint: "http://hub.example" });
    await assert.rejects(fetchPretrained("hf:us/net", {}, none), {
      message:
        "http://hub.example/us/net/resolve/main/config.json: the Hub cannot be reached: this machine has no network; " +
        "with HF_HUB_OFFLINE=1, files that were fetched before are used",
    });
  });

  test("of a damaged config.json are refused", async (t) => {
    const pretrainedDir = folderOf(t, { "us/net/config.json": "{" });
    const file = path.join(pretrainedDir, "us/net/config.json");
    await assert.rejects(fetchPretrained("hf:us/net", { pretrainedDir }, testMachine(t, null)), {
      code: "ERR_PRETRAINED_FILE",
      message: /config\.json is not JSON: /,
    });
    writeFileSync(file, "{}");
    await assert.rejects(fetchPretrained("hf:us/net", { pretrainedDir }, testMachine(t, null)), {
      code: "ERR_PRETRAINED",
      message: /^hf:us\/net: config\.json is not of timm or Transformers: /,
    });
  });
});

describe("parseHubPlace", () => {
  test("reads owner, name and revision", () => {
    const place = { owner: "timm", name: "resnet18.a1_in1k", revision: "main" };
    assert.deepEqual(parseHubPlace("hf:timm/resnet18.a1_in1k"), place);
    const tagged = { owner: "a", name: "b-c", revision: "refs/pr/1" };
    assert.deepEqual(parseHubPlace("hf:a/b-c@refs/pr/1"), tagged);
  });

  test("refuses what could leave the directory of a repository", () => {
    for (const text of ["hf:a", "hf:../b", "hf:a/..", "hf:a/b@../c", "hf:a/b/c", "hf:a/b@", "hf:"])
      assert.throws(() => parseHubPlace(text), { code: "ERR_PRETRAINED", isUsage: true }, text);
  });
});

describe("machineWeights", () => {
  test("reads the variables of the Hub", () => {
    const none = machineWeights({}).hub;
    assert.deepEqual(none, {
      endpoint: "https://huggingface.co",
      token: undefined,
      isOffline: false,
    });
    const given = { HF_ENDPOINT: "http://mirror:80/", HF_TOKEN: "t", HF_HUB_OFFLINE: "true" };
    const expected = { endpoint: "http://mirror:80", token: "t", isOffline: true };
    assert.deepEqual(machineWeights(given).hub, expected);
    assert.equal(machineWeights({ HF_HUB_OFFLINE: "0" }).hub.isOffline, false);
  });
});
