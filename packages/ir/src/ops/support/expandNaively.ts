import { axis } from "../../axis/axis.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { need } from "../../op/check.ts";
import type { JsonObject } from "../../op/op.ts";
import type { Part } from "../../op/part.ts";
import { pagedScoresOp } from "../pagedScores.ts";
import { pagedValuesOp } from "../pagedValues.ts";
import { softmaxOp } from "../softmax.ts";
import { pagingInputs } from "./paging.ts";

/** The axis of the rows that queries look back on; its size is the graph's symbol of the same name. */
const contextAxis = axis("context", "context");

/** Attention in three steps: scores of all rows, softmax, weighted sum of the values. */
export function expandNaively(p: {
  readonly builder: GraphBuilder;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly keys: Tensor;
  readonly values: Tensor;
  readonly scale: number;
  readonly part?: Part;
}): Readonly<Record<string, Tensor>> {
  const { builder, inputs } = p;
  const [q, positions, sequence_of, page_table] = need(inputs, "q", ...pagingInputs);
  const paging = { positions, sequence_of, page_table };
  builder.declareAxis(contextAxis);
  const scoreAttrs: JsonObject = { scale: p.scale, context: contextAxis.name };
  const scores = builder.add(pagedScoresOp, "scores", { q, k: p.keys, ...paging }, scoreAttrs);
  const weights = builder.add(softmaxOp, "softmax", { x: need(scores, "out")[0] });
  const valueAttrs = p.part === undefined ? {} : { values: p.part };
  return builder.add(
    pagedValuesOp,
    "values",
    { p: need(weights, "out")[0], v: p.values, ...paging },
    valueAttrs,
  );
}
