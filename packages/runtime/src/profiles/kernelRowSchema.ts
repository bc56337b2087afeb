import type { KernelPredicate, KernelRow, LayoutInfo } from "@tensorplan/backend-api";
import { type DType, dtypeNames } from "@tensorplan/ir";
import { z } from "zod";

const name = z.string().min(1);
const count = z.int().nonnegative();
const dtypes = z.array(z.enum(dtypeNames as readonly [DType, ...DType[]])).min(1);
const claims = z.record(name, z.strictObject({ dtypes, layout: name.exactOptional() }));
const share = z.number().positive().max(8);

const predicate: z.ZodType<KernelPredicate> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("attr"), reason: name, name, oneOf: z.array(z.json()).min(1) }),
  z.strictObject({
    kind: z.literal("dim"),
    reason: name,
    dim: name,
    multipleOf: z.int().positive().exactOptional(),
    min: count.exactOptional(),
    max: count.exactOptional(),
  }),
  z.strictObject({ kind: z.literal("present"), reason: name, operand: name, present: z.boolean() }),
]);

/** A kernel row in a profile file. */
export const kernelRowSchema: z.ZodType<KernelRow> = z.strictObject({
  name,
  op: name,
  operands: claims,
  outputs: claims,
  requires: z.array(name),
  when: z.array(predicate),
  workspace: z.array(
    z.strictObject({
      bytes: z.int().positive(),
      per: z.int().positive().exactOptional(),
      dims: z.array(name),
    }),
  ),
  cost: z.strictObject({
    rate: z.enum(["int8", "f32", "f16"]),
    computeShare: share,
    memoryShare: share,
    overheadNs: z.number().nonnegative(),
    measured: z
      .array(
        z.strictObject({
          flops: count,
          bytes: count,
          rows: count,
          elements: count,
          stepBytes: count,
          ns: z.int().positive(),
        }),
      )
      .exactOptional()
      .describe("what executions took on this device, as `tensorplan calibrate` measured them"),
  }),
  status: z.enum(["ready", "planned"]),
});

/** A layout in a profile file. */
export const layoutSchema: z.ZodType<LayoutInfo> = z.strictObject({
  name,
  doc: z.string(),
  rowGroup: z.int().positive(),
  dtypes,
});
