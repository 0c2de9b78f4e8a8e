import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  benchRows,
  type BenchRow,
  classesOf,
  imageOf,
  selectRows,
} from "../../src/node/bench/bench-row.js";
import { compareRow, spreadOf } from "../../src/node/bench/compare-row.js";
import { formatMachine, formatRow, rooflineOf } from "../../src/node/bench/format-bench.js";
import { ourselves, Rival, type RivalCommand, pytorchWays } from "../../src/node/bench/rivals.js";
import { models } from "../../src/models/catalog.js";
import { webgpuSkip } from "../helpers/webgpu.js";

/** A rival whose runs take a given time, and which knows of a profile. */
function fake(name: string, milliseconds: number): RivalCommand {
  const script = `
    console.log("ready");
    require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const [word, runs] = line.split(" ");
      console.log(JSON.stringify(word === "run"
        ? { milliseconds: Array(Number(runs)).fill(${milliseconds}), peakBytes: 1048576 }
        : { profile: { program: "fake" }, cost: { flops: 4e9, bytes: 1e9 } }));
    });`;
  return { name, command: process.execPath, args: ["-e", script] };
}

const peak = { flopsPerSecond: 100e9, bytesPerSecond: 10e9 };
const row = { name: "train tiny", pass: "train", model: "resnet18", input: "1x8x8", batch: 4 };

describe("rows", () => {
  const rows = benchRows();

  test("have names of their own, and models that exist", () => {
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
    for (const each of rows) {
      assert.ok(each.model in models, each.name);
      assert.equal(each.name, `${each.pass} ${each.model} ${each.input} b${each.batch}`);
      assert.ok(imageOf(each).every((size) => size > 0));
    }
  });

  test("are chosen by whole words", () => {
    const names = (pattern: string): string[] => selectRows(rows, pattern).map(({ name }) => name);
    assert.deepEqual(names("resnet18 b1 1x28x28"), ["infer resnet18 1x28x28 b1"]);
    assert.equal(names("train").length, 5);
    assert.equal(names("").length, rows.length);
    assert.throws(() => names("resnet1"), {
      code: "ERR_ROWS",
      message:
        /^no row has all the words of "resnet1"; the rows are\n {2}train resnet34 1x28x28 b512\n/,
    });
  });

  test("tell as many classes apart as their data sets have", () => {
    assert.deepEqual(
      ["infer resnet18 1x28x28 b1", "infer resnet18 3x224x224 b1"].map((name) =>
        classesOf(rows.find((each) => each.name === name)!),
      ),
      [10, 1000],
    );
  });
});

describe("numbers", () => {
  test("the median of an even number lies between its middle two", () => {
    assert.deepEqual(spreadOf([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4, count: 4 });
    assert.deepEqual(spreadOf([7, 5, 9]), { median: 7, min: 5, max: 9, count: 3 });
  });

  test("the roofline is the higher of the two times that arithmetic and memory need", () => {
    const cost = { flops: 4e9, bytes: 1e9 }; // 40 ms of arithmetic, 100 ms of memory
    assert.deepEqual(rooflineOf(cost, 200, peak), { ...cost, bound: "bytes", fraction: 0.5 });
    const dense = { flops: 40e9, bytes: 1e9 };
    assert.deepEqual(rooflineOf(dense, 500, peak), { ...dense, bound: "flops", fraction: 0.8 });
  });

  test("PyTorch runs in every precision and layout, compiled on request", () => {
    const [first = row] = benchRows();
    const names = (compile: boolean): string[] =>
      pytorchWays(first as never, 2, { python: "python3", compile }).map(({ name }) => name);
    assert.deepEqual(names(false), [
      "PyTorch fp32 nchw",
      "PyTorch fp32 nhwc",
      "PyTorch bf16 nchw",
      "PyTorch bf16 nhwc",
    ]);
    assert.equal(names(true).length, 8);
  });
});

describe("compareRow", () => {
  test("takes the peer's fastest way, and says how it compares", async () => {
    const said: string[] = [];
    const peers = [fake("slow peer", 30), fake("fast peer", 20), fake("slower peer", 40)];
    const result = await compareRow(row as never, fake("ours", 10), {
      rounds: 3,
      peers,
      peak,
      say: (line) => said.push(line),
    });
    assert.deepEqual(said, [
      "  tried slow peer: 30.0 ms",
      "  tried fast peer: 20.0 ms",
      "  tried slower peer: 40.0 ms",
    ]);
    assert.deepEqual(result.ours.milliseconds, { median: 10, min: 10, max: 10, count: 150 });
    assert.equal(result.ours.imagesPerSecond, 400);
    assert.equal(result.peer?.name, "fast peer");
    assert.equal(result.ratio, 2);
    assert.deepEqual(result.roofline, { flops: 4e9, bytes: 1e9, bound: "bytes", fraction: 10 });
    assert.equal(
      formatRow({ ...result, load: [0.5, 1] }),
      [
        "train tiny   (load 0.5 to 1.0)",
        "  ours                         10.00 ms (10.00 to 10.00; n = 150)      400 images/s   1 MiB at most",
        "  fast peer                       20 ms (20 to 20; n = 75)      200 images/s   1 MiB at most",
        "  ratio 2.00x",
        "  roofline 1000 %, bound by bytes: 4.00 GFLOP, 1.00 GB",
      ].join("\n"),
    );
  });

  test("without a peer there is no ratio", async () => {
    const options = { rounds: 1, peers: [], peak, say: () => undefined };
    const { peer, ratio } = await compareRow(row as never, fake("ours", 600), options);
    assert.deepEqual([peer, ratio], [null, null]);
  });
});

describe("a rival", () => {
  test("that cannot start, or ends early, is an error with its name", async () => {
    await assert.rejects(Rival.start({ name: "nobody", command: "/nowhere/at/all", args: [] }), {
      code: "ERR_RIVAL",
      message: /^nobody cannot be measured: .*ENOENT/,
    });
    await assert.rejects(
      Rival.start({ name: "brief", command: process.execPath, args: ["-e", ""] }),
      {
        code: "ERR_RIVAL",
        message: "brief cannot be measured: it ended before it answered, with exit code 0",
      },
    );
    await assert.rejects(
      Rival.start({ name: "chatty", command: process.execPath, args: ["-p", "'hello'"] }),
      {
        code: "ERR_RIVAL",
        message: 'chatty cannot be measured: it says "hello" instead of ready',
      },
    );
  });

  test("that dies between two questions is an error that says how", async () => {
    const dying = (last: string): RivalCommand => ({
      name: "mortal",
      command: process.execPath,
      args: ["-e", `console.log("ready"); process.stdin.once("data", () => ${last});`],
    });
    const after = async (last: string): Promise<Rival> => {
      const rival = await Rival.start(dying(last));
      await rival.run(1).catch(() => undefined);
      return rival;
    };
    const killed = await after('process.kill(process.pid, "SIGKILL")');
    await assert.rejects(killed.run(1), {
      code: "ERR_RIVAL",
      message:
        "mortal cannot be measured: it ended before it answered, " +
        "killed by SIGKILL; the memory may not have been enough",
    });
    const failed = await after("process.exit(3)");
    await assert.rejects(failed.run(1), /it ended before it answered, with exit code 3$/);
    await Promise.all([killed.close(), failed.close()]);
  });
});

test("the machine line names what the numbers depend on", () => {
  const machine = {
    processor: "Some CPU",
    executor: "native",
    isa: "avx2",
    threads: 2,
    platform: "linux-x64",
    node: "v20.0.0",
    version: "0.1.0",
    precision: "fp32",
    date: "2026-11-22",
    peak: { flopsPerSecond: 235.4e9, bytesPerSecond: 25.66e9 },
  } as const;
  assert.equal(
    formatMachine(machine),
    "Some CPU, 2 threads, avx2, fp32, resnet-ts 0.1.0, Node v20.0.0, linux-x64, 2026-11-22\n" +
      "peak: 235 GFLOP/s in registers, 25.7 GB/s in memory",
  );
  const gpu = { ...machine, processor: "Some GPU", executor: "webgpu", peak: null } as const;
  const { isa: _, threads: __, ...rest } = gpu;
  assert.equal(
    formatMachine(rest),
    "Some GPU, WebGPU, fp32, resnet-ts 0.1.0, Node v20.0.0, linux-x64, 2026-11-22",
  );
});

describe("on a GPU", { skip: webgpuSkip || false }, () => {
  for (const pass of ["train", "infer"] as const) {
    test(`a row to ${pass} is measured, without a roofline`, async () => {
      const tiny = { ...row, name: `${pass} tiny`, pass, model: "cifar-resnet20" } as BenchRow;
      const result = await compareRow(tiny, ourselves(tiny, "fp32", { executor: "webgpu" }), {
        rounds: 1,
        peers: [],
        peak: null,
        say: () => undefined,
      });
      assert.ok(result.ours.milliseconds.median > 0);
      assert.equal(result.roofline, null);
      assert.ok(result.profile.kinds.some(({ name }) => name === "conv2d"));
      assert.doesNotMatch(formatRow(result), /roofline/);
    });
  }
});
