import type { Backend, BackendOptions, Device, DeviceProfile } from "@tensorplan/backend-api";
import { coreOps, type OpSet, TensorplanError, type Tolerance } from "@tensorplan/ir";
import { checkContract } from "./checkContract.ts";
import { checkProfile } from "./checkProfile.ts";
import type { CaseResult, ConformanceCase } from "./conformanceCase.ts";
import { conformanceCases } from "./conformanceCases.ts";
import { drawGraphs } from "./drawGraph.ts";
import { runCase } from "./runCase.ts";
import type { OpSketches } from "./sketches/sketch.ts";

export interface SuiteOptions {
  /** Absent: the core operations. */
  readonly ops?: OpSet | undefined;
  /** How to draw nodes of operations that aren't ours. */
  readonly sketches?: Readonly<Record<string, OpSketches>> | undefined;
  /** Absent: 1. */
  readonly seed?: number | undefined;
  /** By operation, what replaces parts of its tolerance on this backend: for errors whose cause is known and that are no mistake. */
  readonly allowances?: Readonly<Record<string, Partial<Tolerance>>> | undefined;
  /** Only the cases of these operations, without the devices' contract; absent: everything. */
  readonly only?: readonly string[] | undefined;
  /** What to probe and open devices with. */
  readonly backendOptions?: BackendOptions | undefined;
}

/** Part of the suite: the cases of one operation on one device, or the device's contract. */
export interface SuitePart {
  readonly name: string;
  readonly device: string;
  /** An operation, or `graphs`, `contract`, `profile`. */
  readonly what: string;
  /** How many cases it has; a contract counts as one before it is run. */
  readonly cases: number;
  readonly run: () => Promise<readonly CaseResult[]>;
}

async function runCases(
  device: Device,
  cases: readonly ConformanceCase[],
  allowance: Partial<Tolerance> | undefined,
): Promise<readonly CaseResult[]> {
  try {
    const results: CaseResult[] = [];
    for (const each of cases) results.push(await runCase(device, each, allowance));
    return results;
  } finally {
    device.dispose();
  }
}

/** Cases of one part at most, so that progress is seen and no test takes long. */
const PART = 48;

const piecesOf = (cases: readonly ConformanceCase[]): readonly (readonly ConformanceCase[])[] =>
  Array.from({ length: Math.ceil(cases.length / PART) }, (_, i) => cases.slice(i * PART, (i + 1) * PART));

/** Graphs of several nodes that are drawn for each device. */
const GRAPHS = 16;

function partsOf(backend: Backend, profile: DeviceProfile, options: SuiteOptions): readonly SuitePart[] {
  const { ops = coreOps, seed = 1, sketches, only, backendOptions = {}, allowances = {} } = options;
  const byOp = new Map<string, ConformanceCase[]>();
  for (const each of conformanceCases(profile, ops, { seed, sketches, only })) {
    const op = each.rows[0]?.op ?? "";
    const cases = byOp.get(op);
    if (cases === undefined) byOp.set(op, [each]);
    else cases.push(each);
  }
  const open = () => backend.open(profile.id, backendOptions);
  const named = (what: string, cases: number, run: SuitePart["run"], index = 0, count = 1): SuitePart => ({
    name: `${profile.id}: ${what}${count > 1 ? ` ${index + 1}/${count}` : ""}`,
    device: profile.id,
    what,
    cases,
    run,
  });
  const parts = [...byOp].flatMap(([op, cases]) =>
    piecesOf(cases).map((piece, index, { length }) =>
      named(op, piece.length, () => runCases(open(), piece, allowances[op]), index, length),
    ),
  );
  if (only !== undefined) return parts;
  const graphs = drawGraphs(profile, ops, seed, GRAPHS);
  const all = [...byOp.values()].flat();
  const loading = all.find(({ graph }) => graph.weights.length > 0) ?? all[0];
  return [
    ...parts,
    ...(graphs.length === 0
      ? []
      : [named("graphs", graphs.length, () => runCases(open(), graphs, undefined))]),
    ...(loading === undefined ? [] : [named("contract", 1, () => checkContract(open(), loading))]),
    named("profile", 1, () => checkProfile(backend, profile, backendOptions, ops)),
  ];
}

/**
 * The suite in parts, each with a device of its own.
 *
 * @throws TensorplanError `conformance/no-device`, and what `conformanceCases` throws
 */
export function suiteParts(backend: Backend, options: SuiteOptions = {}): readonly SuitePart[] {
  const probe = backend.probe(options.backendOptions ?? {});
  if (probe.kind === "none") {
    throw new TensorplanError({
      code: "conformance/no-device",
      message: `the backend '${backend.name}' has no device here: ${probe.reason}`,
      hint: "run the suite where the backend is built and its device is present",
    });
  }
  return probe.devices.flatMap((profile) => partsOf(backend, profile, options));
}

/** Holds every kernel of every device of a backend to the operations' definitions, and the devices to their contract. */
export async function conformanceSuite(
  backend: Backend,
  options: SuiteOptions = {},
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { name, run } of suiteParts(backend, options)) {
    for (const each of await run()) results.push({ ...each, name: `${name}: ${each.name}` });
  }
  return results;
}
