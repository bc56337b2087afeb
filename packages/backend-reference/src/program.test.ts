import {
  type Device,
  deviceId,
  type OperandPlace,
  type RegionName,
  type SplitProgram,
} from "@tensorplan/backend-api";
import {
  axisSize,
  coreOps,
  defaultPasses,
  dtypes,
  evaluateGraph,
  extendOps,
  type Graph,
  graphOfOp,
  type HostTensor,
  operand,
  outputId,
  type RandomOperands,
  randomGraph,
  randomOperands,
  rowBytes,
  runPasses,
  siluOp,
  sizedOperand,
  type TensorType,
  type ValueId,
} from "@tensorplan/ir";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createReferenceBackend, referenceBackend } from "./index.ts";

const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error("missing");
  return value;
};

const encode = ({ dtype, data, shape }: HostTensor): Uint8Array => {
  if (data instanceof Int32Array) return new Uint8Array(data.buffer.slice(0));
  const bytes = new Uint8Array((data.length / (shape.at(-1) ?? 1)) * rowBytes(dtype, shape.at(-1) ?? 1));
  dtypes[dtype].encode(data, bytes, shape.at(-1) ?? 1);
  return bytes;
};

/** Gives every value a place of its own; views and updates in place lie where their input lies. */
function layOut(graph: Graph, device: Device, ops = coreOps) {
  const sizes: Record<RegionName, number> = { weights: 0, states: 0, inputs: 0, arena: 0 };
  const places = new Map<ValueId, OperandPlace>();
  const shapeOf = (type: TensorType) => type.axes.map((name) => axisSize(graph, name));
  const put = (region: RegionName, id: ValueId, type: TensorType) => {
    const offset = sizes[region];
    sizes[region] += Math.ceil(sizedOperand(graph, type, graph.symbols).bytes / 64) * 64;
    places.set(id, { region, offset, dtype: type.dtype, layout: "rows", shape: shapeOf(type) });
  };
  for (const each of graph.inputs) put("inputs", each.id, each);
  for (const each of graph.weights) put("weights", each.id, each);
  for (const each of graph.states) put("states", each.id, each);
  const place = (id: ValueId) => must(places.get(id));
  const nodes = graph.nodes.map((node) => {
    for (const [name, type] of Object.entries(node.outputs)) {
      const alias = ops.get(node.op).aliases[name];
      const source = alias && node.inputs[alias.input];
      if (source === undefined) put("arena", outputId(node.id, name), type);
      else places.set(outputId(node.id, name), { ...place(source), shape: shapeOf(type) });
    }
    const placed = (ids: [string, ValueId][]) =>
      Object.fromEntries(ids.map(([name, id]) => [name, place(id)]));
    return {
      id: node.id,
      op: node.op,
      kernel: `${node.op}.reference`,
      attrs: node.attrs,
      inputs: placed(Object.entries(node.inputs)),
      outputs: placed(Object.keys(node.outputs).map((name) => [name, outputId(node.id, name)])),
      workspace: null,
      axes: Object.fromEntries(Object.keys(graph.axes).map((name) => [name, axisSize(graph, name)])),
    };
  });
  for (const region of ["weights", "states", "inputs", "arena"] as const)
    device.allocate(region, sizes[region]);
  const program: SplitProgram = {
    id: "split 0",
    device: device.id,
    symbols: Object.keys(graph.symbols),
    nodes,
  };
  return { program, place };
}

const open = (backend = referenceBackend) => backend.open(deviceId("reference"), {});

/** Runs a graph on a device and returns the bytes of its outputs and states. */
async function runOn(device: Device, graph: Graph, given: RandomOperands) {
  const { program, place } = layOut(graph, device);
  for (const each of [given.inputs, given.weights, given.states]) {
    for (const [id, tensor] of Object.entries(each)) {
      const { region, offset } = place(id as ValueId);
      device.write(region, offset, encode(tensor));
    }
  }
  await device.compile(program).run(program.symbols.map((name) => given.bindings[name] ?? 0));
  const read = (id: ValueId, tensor: HostTensor) => {
    const { region, offset } = place(id);
    const bytes = new Uint8Array(encode(tensor).length);
    device.read(region, offset, bytes);
    return bytes;
  };
  return { read };
}

test("a program gives the very bits of the graph's definition, in outputs and in caches of every type", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 5 }), async (seed, pieces) => {
      const { graph } = runPasses(randomGraph(seed, pieces), coreOps, defaultPasses);
      const given = randomOperands(graph, seed);
      const { read } = await runOn(open(), graph, given);
      const wanted = evaluateGraph(graph, coreOps, given);
      for (const { name, value } of graph.outputs) {
        const tensor = must(wanted[name]);
        expect(read(value, tensor)).toEqual(encode(tensor));
      }
      for (const [id, state] of Object.entries(given.states))
        expect(read(id as ValueId, state)).toEqual(encode(state));
    }),
    { numRuns: 30 },
  );
});

const silu = graphOfOp(siluOp, { x: operand([]) });
const bytesOf = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);

test("counts the regions that it holds and the bytes that are copied in and out", () => {
  const device = open();
  layOut(silu, device);
  device.write("inputs", 0, bytesOf([1]));
  device.read("arena", 0, new Uint8Array(4));
  expect(device.counters()).toEqual({
    regionBytes: { weights: 0, states: 0, inputs: 64, arena: 64 },
    peakBytes: 128,
    bytesIn: 4,
    bytesOut: 4,
    loadedBytes: 0,
    runs: 0,
  });
});

test("stops between nodes when it is cancelled", async () => {
  const device = open();
  const { program } = layOut(silu, device);
  const cancelled = AbortSignal.abort(new Error("enough"));
  await expect(device.compile(program).run([], cancelled)).rejects.toThrow("enough");
});

test("lets other work through while a long program runs", async () => {
  const device = open();
  const { program } = layOut(silu, device);
  const [node] = program.nodes;
  const long = { ...program, nodes: Array.from({ length: 50_000 }, () => must(node)) };
  let ticks = 0;
  const timer = setInterval(() => {
    ticks++;
  }, 1);
  await device.compile(long).run([]);
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(1);
});

test("runs operations that somebody else brings", async () => {
  const double = {
    ...siluOp,
    name: "acme.double",
    reference({ inputs, outputs }: Parameters<typeof siluOp.reference>[0]) {
      outputs.out?.data.set([2 * (inputs.x?.data[0] ?? 0)]);
    },
  };
  const ops = extendOps(coreOps, [double]);
  const device = open(createReferenceBackend(ops));
  const { program } = layOut(graphOfOp(double, { x: operand([]) }), device, ops);
  device.write("inputs", 0, bytesOf([21]));
  await device.compile(program).run([]);
  const out = new Uint8Array(4);
  device.read("arena", 0, out);
  expect(out).toEqual(bytesOf([42]));
  expect(() => open().compile(program)).toThrow("there is no operation 'acme.double'");
});

test("refuses kernels, layouts, places and devices that it doesn't have", async () => {
  const device = open();
  const { program } = layOut(silu, device);
  const [node] = program.nodes;
  const change = (changes: object) => ({
    ...program,
    nodes: [{ ...must(node), ...changes }],
  });
  expect(() => device.compile(change({ kernel: "silu.avx2" }))).toThrow(
    "the kernel 'silu.avx2', which the reference device",
  );
  const x = must(must(node).inputs.x);
  const elsewhere = device.compile(change({ inputs: { x: { ...x, offset: 64 } } })).run([]);
  await expect(elsewhere).rejects.toThrow("bytes 64 to 68 of inputs were asked for, but it has 64");
  const packed = device.compile(change({ inputs: { x: { ...x, layout: "x16" } } })).run([]);
  await expect(packed).rejects.toThrow("the reference device reads the layout 'rows', not 'x16'");
  expect(() => referenceBackend.open(deviceId("cpu"), {})).toThrow(
    "the reference backend has no device 'cpu'",
  );
});

test("does nothing after it was disposed of", async () => {
  const device = open();
  const { program } = layOut(silu, device);
  const compiled = device.compile(program);
  device.dispose();
  expect(() => device.counters()).toThrow("the device 'reference' was disposed of");
  await expect(compiled.run([])).rejects.toThrow("the program 'split 0' was disposed of");
});

test("reports a ready kernel for every operation, without conditions", () => {
  const probed = referenceBackend.probe({});
  const [profile] = probed.kind === "devices" ? probed.devices : [];
  expect(profile?.kernels.map(({ op }) => op)).toEqual(coreOps.names);
  expect(
    profile?.kernels.every(
      ({ status, when, requires }) => status === "ready" && when.length + requires.length === 0,
    ),
  ).toBe(true);
});
