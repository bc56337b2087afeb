import { type Backend, type BackendOptions, type DeviceProfile, ROWS_LAYOUT } from "@tensorplan/backend-api";
import { canonicalJson, type OpSet } from "@tensorplan/ir";
import type { CaseResult } from "./conformanceCase.ts";

/** Bytes that a device is given and gives back, and how often. */
const ROUND_BYTES = 24 << 20;
const ROUNDS = 16;
/** What the process may grow by meanwhile: far less than all rounds together. */
const KEPT_BYTES = 192 << 20;

const result = (name: string, problem: string | undefined): CaseResult => ({
  name,
  passed: problem === undefined,
  relative: 0,
  ...(problem === undefined ? {} : { problem }),
});

const text = (profile: DeviceProfile): string => canonicalJson(profile);

/** What is wrong with the rows of a profile, which are all that a scheduler knows. */
function rowProblem({ kernels, layouts }: DeviceProfile, ops: OpSet): string | undefined {
  const names = new Set<string>();
  for (const row of kernels) {
    if (names.has(row.name)) return `two kernels are called '${row.name}'`;
    names.add(row.name);
    if (!ops.has(row.op)) continue;
    const op = ops.get(row.op);
    const known = op.inputs.map(({ name }) => name);
    const unknown = Object.keys(row.operands).find((name) => !known.includes(name));
    if (unknown !== undefined)
      return `'${row.name}' claims the operand '${unknown}', which ${row.op} doesn't have`;
    const missing = op.inputs.find(({ name, optional }) => !optional && row.operands[name] === undefined);
    if (missing !== undefined)
      return `'${row.name}' doesn't claim ${missing.name}, without which ${row.op} can't be`;
    const output = op.outputs.find((name) => row.outputs[name] === undefined);
    if (output !== undefined) return `'${row.name}' doesn't claim the output '${output}'`;
    for (const { layout = ROWS_LAYOUT } of Object.values(row.operands))
      if (!layouts.some(({ name }) => name === layout))
        return `'${row.name}' reads the layout '${layout}', which the device doesn't list`;
  }
  return undefined;
}

/** Memory that `dispose` doesn't give back piles up. */
async function disposeProblem(backend: Backend, profile: DeviceProfile, options: BackendOptions) {
  const before = process.memoryUsage().rss;
  const ones = new Uint8Array(ROUND_BYTES).fill(1);
  for (let round = 0; round < ROUNDS; round++) {
    const device = backend.open(profile.id, options);
    device.allocate("arena", ROUND_BYTES);
    device.write("arena", 0, ones);
    device.dispose();
    // Buffers of JavaScript are given back between turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const grown = process.memoryUsage().rss - before;
  return grown <= KEPT_BYTES
    ? undefined
    : `after ${ROUNDS} devices of ${ROUND_BYTES >> 20} MiB were disposed of, the process holds ${grown >> 20} MiB more`;
}

/**
 * Whether what a backend says of a device can be relied on: the same each time, the same from an opened device, rows that fit the operations,
 * memory given back.
 */
export async function checkProfile(
  backend: Backend,
  profile: DeviceProfile,
  options: BackendOptions,
  ops: OpSet,
): Promise<readonly CaseResult[]> {
  const again = backend.probe(options);
  const same = again.kind === "devices" && again.devices.find(({ id }) => id === profile.id);
  const device = backend.open(profile.id, options);
  const opened = text(device.profile);
  device.dispose();
  return [
    result(
      "probe says the same when it is asked again",
      same !== false && same !== undefined && text(same) === text(profile)
        ? undefined
        : "the profile is another one, or the device is gone",
    ),
    result(
      "an opened device has the profile that probe gave",
      opened === text(profile) ? undefined : "it is another one",
    ),
    result("kernel rows fit their operations", rowProblem(profile, ops)),
    result("dispose gives memory back", await disposeProblem(backend, profile, options)),
  ];
}
