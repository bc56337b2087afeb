import { totalmem } from "node:os";
import {
  type DeviceProfile,
  deviceId,
  type KernelRow,
  type OperandClaim,
  ROWS_LAYOUT,
} from "@tensorplan/backend-api";
import { type Op, type OpSet, readableNames } from "@tensorplan/ir";

export const REFERENCE_DEVICE = deviceId("reference");

/** Reference implementations see decoded values, so every element type that can be decoded will do. */
const anything: OperandClaim = { dtypes: readableNames };

const claims = (names: readonly string[]): Readonly<Record<string, OperandClaim>> =>
  Object.fromEntries(names.map((name) => [name, anything]));

/** The one kernel that each operation has here: its reference implementation, without conditions. */
const rowOf = (op: Op): KernelRow => ({
  name: `${op.name}.reference`,
  op: op.name,
  operands: claims(op.inputs.map(({ name }) => name)),
  outputs: claims(op.outputs),
  requires: [],
  when: [],
  workspace: [],
  cost: { rate: "f32", computeShare: 1, memoryShare: 1, overheadNs: 2000 },
  status: "ready",
});

/** What the scheduler knows of this device. The rates are those of plain loops on one thread. */
export const referenceProfile = (ops: OpSet): DeviceProfile => ({
  id: REFERENCE_DEVICE,
  backend: "reference",
  name: "reference implementations in TypeScript",
  memoryBytes: totalmem(),
  hostMemory: true,
  threads: 1,
  features: [],
  bandwidth: 4e9,
  rates: { int8: 2e9, f32: 2e9, f16: 2e9 },
  kernels: ops.names.map((name) => rowOf(ops.get(name))),
  layouts: [{ name: ROWS_LAYOUT, doc: "row-major, as in the file", rowGroup: 1, dtypes: readableNames }],
});
