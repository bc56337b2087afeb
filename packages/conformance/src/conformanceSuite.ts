import type { Backend, BackendOptions, Device, DeviceProfile } from "@tensorplan/backend-api";
import { coreOps, type OpSet, TensorplanError, type Tolerance } from "@tensorplan/ir";
import { checkContract } from "./checkContract.ts";
import type { CaseResult, ConformanceCase } from "./conformanceCase.ts";
import { conformanceCases } from "./conformanceCases.ts";
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
  /** What to probe and open devices with. */
  readonly backendOptions?: BackendOptions | undefined;
}

/** Part of the suite: the cases of one operation on one device, or the device's contract. */
export interface SuitePart {
  readonly name: string;
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

function partsOf(backend: Backend, profile: DeviceProfile, options: SuiteOptions): readonly SuitePart[] {
  const { ops = coreOps, seed = 1, sketches, backendOptions = {}, allowances = {} } = options;
  const byOp = new Map<string, ConformanceCase[]>();
  for (const each of conformanceCases(profile, ops, { seed, sketches })) {
    const cases = byOp.get(each.row.op);
    if (cases === undefined) byOp.set(each.row.op, [each]);
    else cases.push(each);
  }
  const open = () => backend.open(profile.id, backendOptions);
  const parts = [...byOp].map(
    ([op, cases]): SuitePart => ({
      name: `${profile.id}: ${op}`,
      run: () => runCases(open(), cases, allowances[op]),
    }),
  );
  const loading = [...byOp.values()].flat().find(({ graph }) => graph.weights.length > 0);
  if (loading === undefined) return parts;
  return [...parts, { name: `${profile.id}: contract`, run: () => checkContract(open(), loading) }];
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
