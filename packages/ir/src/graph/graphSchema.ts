import { z } from "zod";
import { type DType, dtypeNames, isDType } from "../dtype/index.ts";
import type { JsonObject } from "../op/op.ts";
import { GRAPH_SCHEMA, type NodeId, type ValueId } from "./graph.ts";

/** Shape of a graph's JSON text. What the parts mean together is `validateGraph`'s business. */

const valueId = z
  .string()
  .min(1)
  .transform((id) => id as ValueId);
const nodeId = z
  .string()
  .min(1)
  .transform((id) => id as NodeId);
const dtype = z.custom<DType>((name) => typeof name === "string" && isDType(name), {
  message: `not an element type (there are: ${dtypeNames.join(", ")})`,
});
const name = z.string().min(1);
const axes = z.array(name);
const count = z.int().positive();

const headRows = { heads: count, groupRows: count, firstRow: z.int().nonnegative(), rows: count };
const tensor = { tensor: name, storedAs: dtype.exactOptional() };
const source = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("tensor"), ...tensor }),
  z.strictObject({ kind: z.literal("head-rows"), ...tensor, ...headRows }),
  z.strictObject({
    kind: z.literal("columns"),
    tensor: name,
    firstColumn: z.int().nonnegative(),
    columns: count,
  }),
  z.strictObject({
    kind: z.literal("transpose-heads"),
    ...tensor,
    heads: count,
    take: z.strictObject(headRows).exactOptional(),
  }),
]);

const value = z.strictObject({ id: valueId, dtype, axes });

export const graphSchema = z.strictObject({
  schema: z.literal(GRAPH_SCHEMA),
  name: z.string(),
  symbols: z.record(name, count),
  axes: z.record(name, name),
  inputs: z.array(value),
  weights: z.array(z.strictObject({ ...value.shape, source })),
  states: z.array(value),
  nodes: z.array(
    z.strictObject({
      id: nodeId,
      op: name,
      inputs: z.record(name, valueId),
      attrs: z.record(name, z.json()).transform((attrs) => attrs as JsonObject),
      outputs: z.record(name, z.strictObject({ dtype, axes })),
      origin: name.exactOptional(),
    }),
  ),
  outputs: z.array(z.strictObject({ name, value: valueId })),
});
