import {
  type Device,
  type OperandPlace,
  type RegionName,
  regionNames,
  type TensorSource,
} from "@tensorplan/backend-api";
import {
  evaluateGraph,
  type HostTensor,
  resolveShape,
  type TensorType,
  type Tolerance,
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

/** What the operation's definition makes of the case. */
function wantedOutputs({ graph, ops, operands, bindings }: ConformanceCase) {
  const states = Object.entries(pick(operands, graph.states)).map(([id, tensor]) => [id, copyOf(tensor)]);
  return evaluateGraph(graph, ops, {
    inputs: pick(operands, graph.inputs),
    weights: pick(operands, graph.weights),
    states: Object.fromEntries(states) as Record<string, HostTensor>,
    bindings,
  });
}

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
  for (const [name, { region, offset }] of Object.entries(layout.inputs))
    if (region !== "weights") device.write(region, offset, encodeTensor(operands[name] as HostTensor));
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

async function compute(
  device: Device,
  each: ConformanceCase,
  layout: CaseLayout,
): Promise<string | undefined> {
  const program = device.compile(layout.program);
  try {
    const before = snapshot(device, layout);
    await program.run(layout.program.symbols.map((name) => each.bindings[name] ?? 0));
    return trespass(before, snapshot(device, layout));
  } finally {
    program.dispose();
  }
}

function compare(
  device: Device,
  each: ConformanceCase,
  layout: CaseLayout,
  allowance: Partial<Tolerance>,
): CaseResult {
  const { name, graph, node, bindings, operands, ops } = each;
  const wanted = wantedOutputs(each);
  const allowed = toleranceFor({ ...ops.get(node.op).tolerance, ...allowance }, operands);
  let relative = 0;
  let problem: string | undefined;
  for (const output of Object.keys(node.outputs)) {
    const { region, offset, dtype } = layout.outputs[output] as OperandPlace;
    const shape = resolveShape(graph, node.outputs[output] as TensorType, bindings);
    const got = decodeTensor(dtype, shape, (into) => device.read(region, offset, into));
    const apart = relativeDifference(got, wanted[output] as HostTensor);
    relative = Math.max(relative, apart);
    if (!(apart <= allowed)) {
      problem ??= `${output} is ${apart.toExponential(2)} away from the definition, more than ${allowed}`;
    }
  }
  return { name, passed: problem === undefined, relative, ...(problem === undefined ? {} : { problem }) };
}

/**
 * Runs one case on an opened device, whose regions it allocates anew. Never throws: what goes wrong is the result's problem.
 *
 * @param allowance replaces parts of the operation's tolerance
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
      return trespassed === undefined ? compared : { ...compared, passed: false, problem: trespassed };
    });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { name: each.name, passed: false, relative: Number.NaN, problem };
  }
}
