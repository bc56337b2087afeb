import {
  type Device,
  type DeviceProfile,
  deviceId,
  type Program,
  type RegionName,
  type SplitProgram,
} from "@tensorplan/backend-api";
import cpuBackend from "@tensorplan/backend-cpu";
import { type NodeId, size } from "@tensorplan/ir";
import { afterEach, describe, expect, it } from "vitest";
import type { Executor, MakeExecutor, StepTask } from "./executor.ts";
import { JsExecutor } from "./jsExecutor.ts";
import { loadExecutorAddon } from "./nativeAddon.ts";
import { NativeExecutor } from "./nativeExecutor.ts";

/** A device in JavaScript whose programs are functions over its arena. */
class ScriptedDevice implements Device {
  readonly id = deviceId("scripted");
  readonly profile = { id: this.id } as DeviceProfile;
  readonly arena = new Float32Array(64);
  bytesIn = 0;
  bytesOut = 0;
  runs = 0;
  allocate(): void {}
  async loadWeight(): Promise<void> {}
  compile(): Program {
    throw new Error("use program()");
  }
  program(body: (arena: Float32Array, symbols: readonly number[], signal?: AbortSignal) => unknown): Program {
    return {
      id: "scripted",
      run: async (symbols, signal) => {
        await body(this.arena, symbols, signal);
        this.runs++;
      },
      dispose: () => {},
    };
  }
  write(_region: RegionName, offset: number, bytes: Uint8Array): void {
    new Uint8Array(this.arena.buffer).set(bytes, offset);
    this.bytesIn += bytes.length;
  }
  read(_region: RegionName, offset: number, into: Uint8Array): void {
    into.set(new Uint8Array(this.arena.buffer, offset, into.length));
    this.bytesOut += into.length;
  }
  counters() {
    return {
      regionBytes: { weights: 0, states: 0, inputs: 0, arena: 256 },
      peakBytes: 256,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      loadedBytes: 0,
      runs: this.runs,
    };
  }
  dispose(): void {}
}

/** Place of row `row` of four f32 values. */
const at = (device: number, row: number) => ({ device, region: "arena", offset: 64 * row }) as const;

/** out[tokens × 4] = a + b on a CPU device, rows numbered as in `at`; done `repeat` times. */
const sum = (a: number, b: number, out: number, repeat = 1): SplitProgram => {
  const place = (row: number) =>
    ({
      region: "arena",
      offset: 64 * row,
      dtype: "f32",
      layout: "rows",
      shape: [size("tokens"), size(4)],
    }) as const;
  return {
    id: "sum",
    device: deviceId("cpu"),
    symbols: ["tokens"],
    nodes: Array.from({ length: repeat }, (_, i) => ({
      id: `sum.${i}` as NodeId,
      op: "add",
      kernel: "add.generic",
      attrs: {},
      inputs: { a: place(a), b: place(b) },
      outputs: { out: place(out) },
      workspace: null,
      axes: {},
    })),
  };
};

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const fill = (device: Device, row: number, ...values: number[]) =>
  device.write("arena", 64 * row, bytesOf(new Float32Array(values)));
const look = (device: Device, row: number, count = 4): number[] => {
  const values = new Float32Array(count);
  device.read("arena", 64 * row, bytesOf(values));
  return [...values];
};

const addon = loadExecutorAddon();
const hasCpu = cpuBackend.probe({}).kind === "devices";
const kinds: readonly { kind: string; make: MakeExecutor; missing: boolean }[] = [
  { kind: "javascript", make: (devices) => new JsExecutor(devices), missing: false },
  {
    kind: "native",
    make: (devices) => {
      if (addon === null) throw new Error("the add-on isn't built");
      return new NativeExecutor(addon, devices);
    },
    missing: addon === null,
  },
];

describe.each(kinds)("the $kind executor", ({ kind, make, missing }) => {
  const garbage: { dispose(): void }[] = [];
  afterEach(() => {
    for (const each of garbage.splice(0).reverse()) each.dispose();
  });
  const cpus = (count: number): Device[] =>
    Array.from({ length: count }, (_, i) => {
      const device = cpuBackend.open(deviceId(count === 1 ? "cpu" : `cpu:${i}`), {
        threads: 2,
        devices: count,
      });
      device.allocate("arena", 1 << 20);
      garbage.push(device);
      return device;
    });
  const start = (devices: readonly Device[]): Executor => {
    const executor = make(devices);
    garbage.push(executor);
    return executor;
  };

  describe.skipIf(missing || !hasCpu)("with CPU devices", () => {
    it("runs a split with the step's symbols in the program's order", async () => {
      const [cpu] = cpus(1) as [Device];
      const executor = start([cpu]);
      expect(executor.kind).toBe(kind);
      fill(cpu, 0, 1, 2, 3, 4);
      fill(cpu, 1, 10, 20, 30, 40);
      const tasks: StepTask[] = [
        { kind: "run", device: 0, program: cpu.compile(sum(0, 1, 2)), symbols: ["tokens"], waits: [] },
      ];
      const step = executor.compile({ tasks, symbols: ["context", "tokens"] });
      for (let round = 0; round < 50; round++) await step.run([64 + round, 1]);
      expect(look(cpu, 2)).toEqual([11, 22, 33, 44]);
      expect(step.ledger()).toEqual([]);
    });

    it("carries values between devices and counts them where they are copied", async () => {
      const [a, b] = cpus(2) as [Device, Device];
      fill(a, 0, 1, 2, 3, 4);
      const bytes = size("16*tokens");
      const tasks: StepTask[] = [
        { kind: "run", device: 0, program: a.compile(sum(0, 0, 1)), symbols: ["tokens"], waits: [] },
        { kind: "copy", value: "x", from: at(0, 1), to: at(1, 5), bytes, waits: [0] },
        { kind: "run", device: 1, program: b.compile(sum(5, 5, 6)), symbols: ["tokens"], waits: [1] },
        { kind: "copy", value: "y", from: at(1, 6), to: at(0, 2), bytes, waits: [2] },
      ];
      const step = start([a, b]).compile({ tasks, symbols: ["tokens"] });
      const before = [a.counters(), b.counters()] as const;
      for (let round = 0; round < 3; round++) await step.run([1]);
      expect(step.ledger()).toEqual([
        { task: 1, value: "x", count: 3, bytes: 48, lastBytes: 16 },
        { task: 3, value: "y", count: 3, bytes: 48, lastBytes: 16 },
      ]);
      expect(a.counters().bytesOut - before[0].bytesOut).toBe(48);
      expect(b.counters().bytesIn - before[1].bytesIn).toBe(48);
      expect(look(a, 2)).toEqual([4, 8, 12, 16]);
    });

    it("mixes native devices with those in JavaScript", async () => {
      const [cpu] = cpus(1) as [Device];
      const scripted = new ScriptedDevice();
      fill(cpu, 0, 1, 2, 3, 4);
      const bytes = size(16);
      const seen: (readonly number[])[] = [];
      const tasks: StepTask[] = [
        { kind: "run", device: 0, program: cpu.compile(sum(0, 0, 1)), symbols: ["tokens"], waits: [] },
        { kind: "copy", value: "x", from: at(0, 1), to: at(1, 0), bytes, waits: [0] },
        {
          kind: "run",
          device: 1,
          program: scripted.program(async (arena, symbols) => {
            seen.push(symbols);
            await new Promise((resolve) => setTimeout(resolve, 1));
            for (let i = 0; i < 4; i++) arena[16 + i] = (arena[i] ?? 0) + 100;
          }),
          symbols: ["tokens", "context"],
          waits: [1],
        },
        { kind: "copy", value: "y", from: at(1, 1), to: at(0, 2), bytes, waits: [2] },
        { kind: "run", device: 0, program: cpu.compile(sum(2, 0, 3)), symbols: ["tokens"], waits: [3] },
      ];
      const step = start([cpu, scripted]).compile({ tasks, symbols: ["context", "tokens"] });
      for (let round = 0; round < 3; round++) await step.run([64, 1]);
      expect(look(cpu, 3)).toEqual([103, 106, 109, 112]);
      expect(seen).toEqual([
        [1, 64],
        [1, 64],
        [1, 64],
      ]);
      expect(step.ledger().map(({ bytes: total }) => total)).toEqual([48, 48]);
      expect([scripted.bytesIn, scripted.bytesOut]).toEqual([48, 48]);
    });

    it("notes when tasks begin and end once it is asked to", async () => {
      const [a, b] = cpus(2) as [Device, Device];
      const bytes = size(16);
      const tasks: StepTask[] = [
        { kind: "run", device: 0, program: a.compile(sum(0, 0, 1, 50)), symbols: ["tokens"], waits: [] },
        { kind: "copy", value: "x", from: at(0, 1), to: at(1, 5), bytes, waits: [0] },
        { kind: "run", device: 1, program: b.compile(sum(5, 5, 6, 50)), symbols: ["tokens"], waits: [1] },
      ];
      const step = start([a, b]).compile({ tasks, symbols: ["tokens"] });
      await step.run([1]);
      expect(step.times().every(({ end }) => end === 0)).toBe(true);
      step.recordTimes(true);
      const before = Number(process.hrtime.bigint());
      await step.run([1]);
      const after = Number(process.hrtime.bigint());
      const times = step.times();
      expect(times).toHaveLength(3);
      for (const [i, { begin, end }] of times.entries()) {
        expect(begin).toBeGreaterThanOrEqual(times[i - 1]?.end ?? before);
        expect(end).toBeGreaterThan(begin);
        expect(end).toBeLessThanOrEqual(after);
      }
      step.recordTimes(false);
      await step.run([1]);
      expect(step.times()).toEqual(times);
    });

    it("reports a device's failure and runs again after it", async () => {
      const [cpu] = cpus(1) as [Device];
      const tasks: StepTask[] = [
        { kind: "run", device: 0, program: cpu.compile(sum(0, 0, 1)), symbols: ["tokens"], waits: [] },
      ];
      const step = start([cpu]).compile({ tasks, symbols: ["tokens"] });
      await expect(step.run([1e6])).rejects.toMatchObject({
        code: "step/failed",
        message: expect.stringMatching(/not inside region arena/),
      });
      await step.run([1]);
    });

    it("cancels a running step within a moment", async () => {
      const [cpu] = cpus(1) as [Device];
      cpu.allocate("arena", 48 << 20);
      const tasks: StepTask[] = [
        {
          kind: "run",
          device: 0,
          program: cpu.compile(sum(0, 0, 1 << 18, 2000)),
          symbols: ["tokens"],
          waits: [],
        },
      ];
      const step = start([cpu]).compile({ tasks, symbols: ["tokens"] });
      const controller = new AbortController();
      const running = step.run([1 << 20], controller.signal);
      setTimeout(() => controller.abort(), 20);
      const started = performance.now();
      await expect(running).rejects.toMatchObject({ code: "step/cancelled" });
      expect(performance.now() - started).toBeLessThan(2000);
      await step.run([1]);
    });

    it("can be disposed of while a step runs", async () => {
      const [cpu] = cpus(1) as [Device];
      cpu.allocate("arena", 48 << 20);
      const tasks: StepTask[] = [
        {
          kind: "run",
          device: 0,
          program: cpu.compile(sum(0, 0, 1 << 18, 500)),
          symbols: ["tokens"],
          waits: [],
        },
      ];
      const executor = start([cpu]);
      const step = executor.compile({ tasks, symbols: ["tokens"] });
      const settled = step.run([1 << 20]).then(
        () => "done",
        (error: { code: string }) => error.code,
      );
      executor.dispose();
      cpu.dispose();
      expect(await settled).toMatch(/step\/(cancelled|failed)/);
      await expect(step.run([1])).rejects.toMatchObject({ code: "step/disposed" });
    });
  });

  describe.skipIf(missing)("with devices in JavaScript", () => {
    const scripted = (body: Parameters<ScriptedDevice["program"]>[0]) => {
      const device = new ScriptedDevice();
      const executor = start([device]);
      const step = executor.compile({
        tasks: [{ kind: "run", device: 0, program: device.program(body), symbols: [], waits: [] }],
        symbols: [],
      });
      return { executor, step };
    };

    it("reports what a program threw, with its cause", async () => {
      const { step } = scripted(() => {
        throw new Error("no such luck");
      });
      await expect(step.run([])).rejects.toMatchObject({
        code: "step/failed",
        message: "the step failed: no such luck",
        cause: expect.objectContaining({ message: "no such luck" }),
      });
    });

    it("hands the cancellation on to the program", async () => {
      const { step } = scripted(
        (_arena, _symbols, signal) =>
          new Promise((_resolve, reject) =>
            signal?.addEventListener("abort", () => reject(new Error("stopped"))),
          ),
      );
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 5);
      await expect(step.run([], controller.signal)).rejects.toMatchObject({ code: "step/cancelled" });
      await expect(step.run([], AbortSignal.abort())).rejects.toMatchObject({ code: "step/cancelled" });
    });

    it("runs one step at a time", async () => {
      const { step } = scripted(() => new Promise((resolve) => setTimeout(resolve, 5)));
      const first = step.run([]);
      await expect(step.run([])).rejects.toMatchObject({ code: "step/busy" });
      await first;
      await step.run([]);
    });

    it("refuses steps that name what isn't there", () => {
      const device = new ScriptedDevice();
      const executor = start([device]);
      const program = device.program(() => {});
      const run = { kind: "run", device: 0, program, symbols: [], waits: [] } as const;
      const compile = (...tasks: StepTask[]) => executor.compile({ tasks, symbols: ["tokens"] });
      expect(() => compile({ ...run, device: 1 })).toThrow(/names device 1; there are 1/);
      expect(() => compile({ ...run, waits: [0] })).toThrow(/waits for task 0/);
      expect(() => compile({ ...run, symbols: ["pages"] })).toThrow(/symbol 'pages'/);
      const copy = { kind: "copy", value: "x", from: at(0, 0), to: at(0, 1), waits: [] } as const;
      expect(() => compile({ ...copy, bytes: size("pages") })).toThrow(/symbol 'pages'/);
      expect(() => compile({ ...copy, to: at(2, 1), bytes: size(4) })).toThrow(/names device 2/);
    });
  });
});
