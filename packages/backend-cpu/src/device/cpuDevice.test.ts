import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Device,
  deviceId,
  type Program,
  type SplitProgram,
  type TensorSource,
} from "@tensorplan/backend-api";
import { type NodeId, size } from "@tensorplan/ir";
import { afterEach, describe, expect, it } from "vitest";
import { cpuBackend } from "../backend.ts";
import { loadAddon } from "../native/loadAddon.ts";

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** out [tokens, 4] = a + b, each `stride` bytes from the one before; so often. */
const addProgram = (repeat = 1, stride = 4096): SplitProgram => {
  const place = (offset: number) =>
    ({
      region: "arena",
      offset,
      dtype: "f32",
      layout: "rows",
      shape: [size("tokens"), size(4)],
    }) as const;
  return {
    id: "split 0",
    device: deviceId("cpu"),
    symbols: ["tokens"],
    nodes: Array.from({ length: repeat }, (_, i) => ({
      id: `sum.${i}` as NodeId,
      op: "add",
      kernel: "add.generic",
      attrs: {},
      inputs: { a: place(0), b: place(stride) },
      outputs: { out: place(2 * stride) },
      workspace: null,
      axes: {},
    })),
  };
};

const source = (over: Partial<TensorSource>): TensorSource => ({
  name: "w",
  dtype: "f32",
  shape: [3, 4],
  bytes: 48,
  path: "",
  offset: 0,
  readRows: async () => bytesOf(Float32Array.from({ length: 12 }, (_, i) => i)),
  ...over,
});

const weight = {
  name: "w",
  source: { kind: "tensor", tensor: "w" },
  dtype: "f32",
  layout: "rows",
  shape: [3, 4],
  offset: 64,
  bytes: 48,
} as const;

describe.skipIf(loadAddon().kind === "missing")("a CPU device", () => {
  const devices: Device[] = [];
  const open = (id = "cpu", options = {}): Device => {
    const device = cpuBackend.open(deviceId(id), { threads: 2, ...options });
    devices.push(device);
    return device;
  };
  afterEach(() => {
    for (const device of devices.splice(0)) device.dispose();
  });

  const withInputs = (): Device => {
    const device = open();
    device.allocate("arena", 12288);
    device.write("arena", 0, bytesOf(new Float32Array([1, 2, 3, 4, 5, 6, 7, 8])));
    device.write("arena", 4096, bytesOf(new Float32Array([10, 20, 30, 40, 50, 60, 70, 80])));
    return device;
  };
  const readOut = (device: Device, count: number): number[] => {
    const out = new Float32Array(count);
    device.read("arena", 8192, bytesOf(out));
    return [...out];
  };

  it("times the nodes of runs while it is asked to", async () => {
    const program = withInputs().compile(addProgram(3));
    await program.run([1]);
    expect(program.moments?.()).toEqual(new Float64Array(4));
    program.setTiming?.(true);
    const before = Number(process.hrtime.bigint());
    await program.run([1]);
    const moments = [before, ...(program.moments?.() ?? []), Number(process.hrtime.bigint())];
    expect(moments).toHaveLength(6);
    expect(moments).toEqual([...moments].sort((a, b) => a - b));
  });

  it("runs a compiled split with the step's sizes", async () => {
    const device = withInputs();
    const program = device.compile(addProgram());
    await program.run([1]);
    expect(readOut(device, 8)).toEqual([11, 22, 33, 44, 0, 0, 0, 0]);
    await program.run([2]);
    expect(readOut(device, 8)).toEqual([11, 22, 33, 44, 55, 66, 77, 88]);
  });

  it("counts what it holds and what is copied", () => {
    const device = withInputs();
    readOut(device, 2);
    expect(device.counters()).toEqual({
      regionBytes: { weights: 0, states: 0, inputs: 0, arena: 12288 },
      peakBytes: 12288,
      bytesIn: 64,
      bytesOut: 8,
      loadedBytes: 0,
      runs: 0,
    });
  });

  it("keeps the memories of two devices apart", () => {
    const [a, b] = [open("cpu:0", { devices: 2 }), open("cpu:1", { devices: 2 })];
    for (const device of [a, b]) device.allocate("states", 64);
    a.write("states", 0, new Uint8Array([9]));
    const byte = new Uint8Array(1);
    b.read("states", 0, byte);
    expect(byte[0]).toBe(0);
  });

  it("refuses what isn't there, with the name in the message", async () => {
    const device = withInputs();
    const program = addProgram();
    const node = program.nodes[0];
    if (node === undefined) throw new Error("no node");
    expect(() => device.compile({ ...program, nodes: [{ ...node, kernel: "add.none" }] })).toThrow(
      /node sum\.0: there is no kernel "add\.none"/,
    );
    expect(() => device.compile({ ...program, symbols: [] })).toThrow(/uses the symbol 'tokens'/);
    expect(() => device.write("arena", 12288, new Uint8Array(1))).toThrow(/not inside region arena/);
    expect(() => device.allocate("weights", 2 ** 52)).toThrow(/can't allocate/);
    await expect(device.compile(program).run([100_000])).rejects.toThrow(/not inside region arena/);
    expect(() => open("cpu:5")).toThrow(/no device 'cpu:5'/);
  });

  it("loads a weight from a file and from memory alike", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tensorplan-weight-"));
    try {
      const values = bytesOf(Float32Array.from({ length: 12 }, (_, i) => i));
      const path = join(folder, "w.bin");
      writeFileSync(path, Buffer.concat([Buffer.alloc(100), values]));
      for (const from of [source({}), source({ path, offset: 100 })]) {
        const device = open();
        device.allocate("weights", 112);
        await device.loadWeight(weight, from);
        const stored = new Float32Array(12);
        device.read("weights", 64, bytesOf(stored));
        expect([...stored]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      }
      const device = open();
      device.allocate("weights", 112);
      await expect(device.loadWeight(weight, source({ path, offset: 104 }))).rejects.toThrow(
        /ends 4 bytes too early/,
      );
      await expect(device.loadWeight({ ...weight, bytes: 44 }, source({}))).rejects.toThrow(
        /44 were planned/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  /** A program that takes seconds. */
  const slow = (): { device: Device; tokens: number; program: Program } => {
    const stride = 16 << 20;
    const device = open();
    device.allocate("arena", 3 * stride);
    return { device, tokens: stride / 16, program: device.compile(addProgram(500, stride)) };
  };

  it("stops a running program when its signal aborts, and runs again after that", async () => {
    const { device, tokens, program } = slow();
    const controller = new AbortController();
    const running = program.run([tokens], controller.signal);
    setTimeout(() => controller.abort(new Error("enough")), 20);
    const started = performance.now();
    await expect(running).rejects.toThrow("enough");
    expect(performance.now() - started).toBeLessThan(2000);
    device.write("arena", 0, bytesOf(new Float32Array([7])));
    await program.run([1]);
    const out = new Float32Array(1);
    device.read("arena", 32 << 20, bytesOf(out));
    expect(out[0]).toBe(7);
    await expect(program.run([1], AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  });

  it("can be disposed of in any order, even while a program runs", async () => {
    const { device, tokens, program } = slow();
    const settled = program.run([tokens]).then(
      () => "done",
      (error: Error) => error.message,
    );
    device.dispose();
    expect(await settled).toMatch(/disposed of/);
    await expect(program.run([1])).rejects.toThrow(/disposed of/);
    expect(() => device.counters()).toThrow(/disposed of/);
    expect(() => device.allocate("arena", 64)).toThrow(/disposed of/);
    program.dispose();
    device.dispose();
  });
});
