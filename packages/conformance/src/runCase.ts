import {
  type Device,
  type OperandPlace,
  type RegionName,
  regionNames,
  type TensorSource,
} from "@tensorplan/backend-api";
import {
  evaluateGraph,
  type GraphNode,
  type HostTensor,
  outputId,
  sizedOperand,
  type Tolerance,
  type ValueInfo,
  valueTypes,
} from "@tensorplan/ir";
import type { CaseResult, ConformanceCase } from "./conformanceCase.ts";
import { relativeDifference, toleranceFor } from "./difference.ts";
import { type CaseLayout, layOut } from "./layOut.ts";
import { decodeTensor, encodeTensor } from "./tensorBytes.ts";
import { withWeightFile } from "./weightFile.ts";

/** Bytes of memory that nobody has written: not-a-number as f32, −1 as i32. */
const UNWRITTEN = 0xff;

const pick = (
  operands: Readonly<Record<string, HostTensor>>,
  names: readonly { readonly id: string }[],
): Readonly<Record<string, HostTensor>> =>
  Object.fromEntries(names.map(({ id }) => [id, operands[id] as HostTensor]));

const copyOf = ({ dtype, shape, data }: HostTensor): HostTensor => ({ dtype, shape, data: data.slice() });

/** Allocates the regions, marks memory as unwritten, then writes and loads operands. */
export async function fillDevice(
  device: Device,
  { operands }: Pick<ConformanceCase, "operands">,
  layout: CaseLayout,
  sources: Readonly<Record<string, TensorSource>>,
): Promise<void> {
  for (const region of regionNames) {
    device.allocate(region, layout.regionBytes[region]);
    if (region === "weights") continue;
    device.write(region, 0, new Uint8Array(layout.regionBytes[region]).fill(UNWRITTEN));
  }
  for (const place of layout.weights) await device.loadWeight(place, sources[place.name] as TensorSource);
  for (const [id, { region, offset }] of layout.places) {
    const given = operands[id];
    if (region !== "weights" && given !== undefined) device.write(region, offset, encodeTensor(given));
  }
}

const snapshot = (device: Device, { regionBytes, writable }: CaseLayout): Record<RegionName, Uint8Array> =>
  Object.fromEntries(
    regionNames.map((region) => {
      const bytes = new Uint8Array(regionBytes[region]);
      device.read(region, 0, bytes);
      for (const span of writable)
        if (span.region === region) bytes.fill(0, span.offset, span.offset + span.bytes);
      return [region, bytes];
    }),
  ) as Record<RegionName, Uint8Array>;

/** Where bytes changed that aren't the kernel's to change. */
function trespass(
  before: Record<RegionName, Uint8Array>,
  after: Record<RegionName, Uint8Array>,
): string | undefined {
  for (const region of regionNames) {
    if (Buffer.compare(before[region], after[region]) === 0) continue;
    const at = before[region].findIndex((byte, i) => byte !== after[region][i]);
    return `it changed byte ${at} of ${region}, which is neither an output nor its work area`;
  }
  return undefined;
}

const symbolsOf = ({ program }: CaseLayout, { bindings }: ConformanceCase): readonly number[] =>
  program.symbols.map((name) => bindings[name] ?? 0);

async function compute(
  device: Device,
  each: ConformanceCase,
  layout: CaseLayout,
): Promise<string | undefined> {
  const told = JSON.stringify(layout.program);
  const untouched = snapshot(device, { ...layout, writable: [] });
  const program = device.compile(layout.program);
  try {
    if (JSON.stringify(layout.program) !== told) return "compile changed the program that it was given";
    const compiled = snapshot(device, { ...layout, writable: [] });
    if (trespass(untouched, compiled) !== undefined) return "compile changed the device's memory";
    const before = snapshot(device, layout);
    await program.run(symbolsOf(layout, each));
    return trespass(before, snapshot(device, layout));
  } finally {
    program.dispose();
  }
}

/** Compares each node with its definition, applied to what the device itself computed before it. */
function compare(
  device: Device,
  each: ConformanceCase,
  layout: CaseLayout,
  allowance: Partial<Tolerance>,
): CaseResult {
  const { name, graph, bindings, operands, ops } = each;
  const types = valueTypes(graph);
  let relative = 0;
  let problem: string | undefined;
  const check = (node: GraphNode, outputs: Readonly<Record<string, HostTensor>>) => {
    const dtypes = Object.values(node.inputs).map((id) => (types.get(id) as ValueInfo).dtype);
    const allowed = toleranceFor({ ...ops.get(node.op).tolerance, ...allowance }, dtypes);
    for (const [output, wanted] of Object.entries(outputs)) {
      const { region, offset, dtype } = layout.places.get(outputId(node.id, output)) as OperandPlace;
      const got = decodeTensor(dtype, wanted.shape, (into) => device.read(region, offset, into));
      const apart = relativeDifference(got, wanted);
      relative = Math.max(relative, apart);
      if (!(apart <= allowed)) {
        const what = graph.nodes.length === 1 ? output : `${output} of ${node.id} (${node.op})`;
        problem ??= `${what} is ${apart.toExponential(2)} away from the definition, more than ${allowed}`;
      }
      wanted.data.set(got.data);
    }
  };
  const states = Object.entries(pick(operands, graph.states)).map(([id, tensor]) => [id, copyOf(tensor)]);
  evaluateGraph(graph, ops, {
    inputs: pick(operands, graph.inputs),
    weights: pick(operands, graph.weights),
    states: Object.fromEntries(states) as Record<string, HostTensor>,
    bindings,
    onNode: check,
  });
  return { name, passed: problem === undefined, relative, ...(problem === undefined ? {} : { problem }) };
}

const outputBytes = (device: Device, { graph, bindings }: ConformanceCase, layout: CaseLayout): Buffer =>
  Buffer.concat(
    graph.outputs.map(({ value }) => {
      const { region, offset } = layout.places.get(value) as OperandPlace;
      const type = valueTypes(graph).get(value) as ValueInfo;
      const bytes = new Uint8Array(sizedOperand(graph, type, bindings).bytes);
      device.read(region, offset, bytes);
      return bytes;
    }),
  );

/** Runs the case once more with places that are used again, as plans do: the outputs must have the same bits. */
async function reusing(
  device: Device,
  each: ConformanceCase,
  sources: Readonly<Record<string, TensorSource>>,
  wanted: Buffer,
): Promise<string | undefined> {
  const layout = layOut(each, device.profile, true);
  await fillDevice(device, each, layout, sources);
  const program = device.compile(layout.program);
  try {
    await program.run(symbolsOf(layout, each));
  } finally {
    program.dispose();
  }
  return wanted.equals(outputBytes(device, each, layout))
    ? undefined
    : "with places of the arena that are used again, its outputs are others";
}

/**
 * Runs one case on an opened device, whose regions it allocates anew. Never throws: what goes wrong is the result's problem.
 *
 * @param allowance replaces parts of the operations' tolerances
 */
export async function runCase(
  device: Device,
  each: ConformanceCase,
  allowance: Partial<Tolerance> = {},
): Promise<CaseResult> {
  try {
    const layout = layOut(each, device.profile);
    return await withWeightFile(pick(each.operands, each.graph.weights), async (sources) => {
      await fillDevice(device, each, layout, sources);
      const trespassed = await compute(device, each, layout);
      const compared = compare(device, each, layout, allowance);
      if (trespassed !== undefined) return { ...compared, passed: false, problem: trespassed };
      if (!compared.passed || each.graph.nodes.length === 1) return compared;
      const problem = await reusing(device, each, sources, outputBytes(device, each, layout));
      return problem === undefined ? compared : { ...compared, passed: false, problem };
    });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { name: each.name, passed: false, relative: Number.NaN, problem };
  }
}
