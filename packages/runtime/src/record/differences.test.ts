import type { Backend, Device, Program } from "@tensorplan/backend-api";
import cpuBackend from "@tensorplan/backend-cpu";
import { size } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { Engine } from "../engine/engine.ts";
import type { EngineOptions } from "../engine/options.ts";
import { createExecutor } from "../executor/createExecutor.ts";
import type { MakeExecutor, StepTask } from "../executor/executor.ts";
import { JsExecutor } from "../executor/jsExecutor.ts";
import { expectAsPlanned } from "./differences.ts";

/** Kinds and devices of what a short run on two CPU devices does otherwise than planned. */
async function differencesWith(more: Partial<EngineOptions>) {
  const engine = await Engine.load({
    backends: [cpuBackend],
    cpuDevices: 2,
    threads: 1,
    contextLength: 256,
    placement: { overrideTensors: ["blk\\.[45]\\.=cpu:1"] },
    ...more,
  });
  try {
    const sequence = engine.sequence();
    await engine.prefill(sequence, [1, 2, 3, 4, 5]);
    await engine.decode([{ sequence, token: 8 }]);
    return engine.differences();
  } finally {
    await engine.dispose();
  }
}

/** An executor that changes the tasks which it is given. */
const executorWith =
  (change: (task: StepTask, index: number) => StepTask): MakeExecutor =>
  (devices) => {
    const executor = new JsExecutor(devices);
    return {
      kind: "javascript",
      compile: ({ tasks, symbols }) => executor.compile({ tasks: tasks.map(change), symbols }),
      dispose: () => executor.dispose(),
    };
  };

/** The CPU backend with another way of doing some things. */
const cpuWith = (change: (device: Device) => Partial<Device>): Backend => ({
  ...cpuBackend,
  probe: (options) => cpuBackend.probe(options),
  open: (id, options) => {
    const device = cpuBackend.open(id, options);
    const all: Device = {
      id: device.id,
      profile: device.profile,
      allocate: (...a) => device.allocate(...a),
      loadWeight: (...a) => device.loadWeight(...a),
      compile: (...a) => device.compile(...a),
      write: (...a) => device.write(...a),
      read: (...a) => device.read(...a),
      counters: () => device.counters(),
      dispose: () => device.dispose(),
    };
    return { ...all, ...change(device) };
  },
});

const kinds = (found: Awaited<ReturnType<typeof differencesWith>>) => [
  ...new Set(found.map(({ kind, device }) => `${kind} ${device}`)),
];

test("a run that keeps to its plan differs in nothing, whatever executes it", async () => {
  expect(await differencesWith({})).toEqual([]);
  expect(await differencesWith({ makeExecutor: (devices) => new JsExecutor(devices) })).toEqual([]);
  expect(await differencesWith({ backends: [cpuWith(() => ({}))], makeExecutor: createExecutor })).toEqual(
    [],
  );
});

test("an executor that copies less than planned is found out", async () => {
  const makeExecutor = executorWith((task) => (task.kind === "copy" ? { ...task, bytes: size(64) } : task));
  const found = await differencesWith({ makeExecutor });
  expect(kinds(found)).toEqual(
    expect.arrayContaining(["copy cpu:0", "copy cpu:1", "bytes-in cpu:1", "bytes-out cpu:0"]),
  );
  expect(found[0]?.message).toMatch(/^\d+ bytes of .* went from cpu:\d to cpu:\d, \d+ were planned$/);
  expect(() => expectAsPlanned(found)).toThrow(expect.objectContaining({ code: "run/not-as-planned" }));
});

test("an executor that leaves out a split, or runs one on a device of its own choice, is found out", async () => {
  const nothing: Program = { id: "nothing", run: async () => {}, dispose: () => {} };
  const idle = executorWith((task, index) =>
    index === 0 && task.kind === "run" ? { ...task, program: nothing } : task,
  );
  expect(kinds(await differencesWith({ makeExecutor: idle }))).toEqual(["runs cpu:0"]);
  let other: Program | undefined;
  const elsewhere = executorWith((task) => {
    if (task.kind !== "run") return task;
    if (task.device === 0) other ??= task.program;
    return task.device === 1 && other !== undefined ? { ...task, program: other } : task;
  });
  expect(kinds(await differencesWith({ makeExecutor: elsewhere }))).toEqual(["runs cpu:0", "runs cpu:1"]);
});

test("a backend that allocates more than planned, loads less or copies in secret is found out", async () => {
  const greedy = cpuWith((device) => ({
    allocate: (region, bytes) => device.allocate(region, bytes + (region === "states" ? 4096 : 0)),
  }));
  expect(kinds(await differencesWith({ backends: [greedy] }))).toEqual([
    "memory cpu:0",
    "peak cpu:0",
    "memory cpu:1",
    "peak cpu:1",
  ]);
  const lazy = cpuWith((device) => ({
    loadWeight: async (place, source, signal) => {
      if (place.name !== "blk.4.ffn_norm.weight") await device.loadWeight(place, source, signal);
    },
  }));
  expect(kinds(await differencesWith({ backends: [lazy] }))).toEqual(["weights cpu:1"]);
  const secret = cpuWith((device) => ({
    read: (region, offset, into) => {
      device.read(region, offset, into);
      device.read(region, offset, new Uint8Array(4));
    },
  }));
  expect(kinds(await differencesWith({ backends: [secret] }))).toContain("bytes-out cpu:0");
});

test("after a step that was cancelled only memory is compared", async () => {
  const engine = await Engine.load({ backend: "cpu", threads: 1, contextLength: 256 });
  const cancelled = new AbortController();
  const sequence = engine.sequence();
  const running = engine.prefill(
    sequence,
    Array.from({ length: 200 }, (_, i) => i),
    {
      signal: cancelled.signal,
    },
  );
  setTimeout(() => cancelled.abort(), 1);
  await expect(running).rejects.toMatchObject({ code: "step/cancelled" });
  await engine.prefill(engine.sequence(), [1, 2, 3]).catch(() => {});
  expect(engine.differences()).toEqual([]);
  await engine.dispose();
});
