import { z } from "zod";
import type { Axes, Axis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import {
  axesOf,
  expectF32,
  expectIndices,
  expectSameAxes,
  expectSameAxis,
  expectStorage,
  need,
} from "../op/check.ts";
import { countOf, floats, indices } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { gatedNetwork } from "../op/tolerance.ts";
import type { SameAxes, SameAxis } from "../op/typed.ts";
import { expertMatmulOp } from "./expertMatmul.ts";
import { expertBytes } from "./support/expertBytes.ts";
import { multiplyRows, siluOf } from "./support/linear.ts";
import { swigluOp } from "./swiglu.ts";
import { weightedSumOp } from "./weightedSum.ts";

export const moeOp = defineOp({
  name: "moe",
  doc: "Mixture of gated experts: x [T, E], ids [T, U], weights [T, U], gate [X, F, E], up [X, F, E], down [X, E, F] → out [T, E] = Σᵤ weights·down(silu(gate·x)·(up·x)) over the chosen experts, u ascending.",
  inputs: ["x", "ids", "weights", "gate", "up", "down"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [x, ids, weights, gate, up, down] = need(inputs, "x", "ids", "weights", "gate", "up", "down");
    expectF32({ x, weights });
    expectIndices({ ids });
    expectStorage({ gate, up, down });
    const [t, e] = axesOf("x", x, ["T", "E"]);
    const [t2] = axesOf("ids", ids, ["T", "U"]);
    const [experts, f, e2] = axesOf("gate", gate, ["X", "F", "E"]);
    const [experts2, e3, f2] = axesOf("down", down, ["X", "E", "F"]);
    expectSameAxis("moe/tokens", "x runs over", t, "ids over", t2);
    expectSameAxes("moe/used", "ids", ids, "weights", weights);
    expectSameAxes("moe/up", "gate", gate, "up", up);
    expectSameAxis("moe/inner-axis", "x ends in", e, "gate reads", e2);
    expectSameAxis("moe/experts", "gate has", experts, "down has", experts2);
    expectSameAxis("moe/hidden", "gate makes", f, "down reads", f2);
    expectSameAxis("moe/out-axis", "x ends in", e, "down makes", e3);
    return { out: { dtype: "f32", axes: [t, e] } };
  },
  reference({ inputs, outputs }) {
    const [x, ids, weights, gate, up, down] = need(inputs, "x", "ids", "weights", "gate", "up", "down");
    const [out] = need(outputs, "out");
    const [tokens = 0, width = 0] = x.shape;
    const [, used = 0] = ids.shape;
    const [, hidden = 0] = gate.shape;
    const gated = new Float64Array(hidden);
    const lifted = new Float64Array(hidden);
    const lowered = new Float64Array(width);
    const sums = new Float64Array(width);
    for (let t = 0; t < tokens; t++) {
      sums.fill(0);
      for (let u = 0; u < used; u++) {
        const at = (indices(ids)[t * used + u] as number) * hidden * width;
        const weight = floats(weights)[t * used + u] as number;
        const row = { x: floats(x), xAt: t * width, rows: 1, inner: width, wAt: at, outer: hidden };
        multiplyRows({ ...row, w: floats(gate), out: gated });
        multiplyRows({ ...row, w: floats(up), out: lifted });
        for (let i = 0; i < hidden; i++) gated[i] = siluOf(gated[i] as number) * (lifted[i] as number);
        multiplyRows({
          x: gated,
          rows: 1,
          inner: hidden,
          w: floats(down),
          wAt: at,
          outer: width,
          out: lowered,
        });
        for (let i = 0; i < width; i++) sums[i] = (sums[i] as number) + weight * (lowered[i] as number);
      }
      floats(out).set(sums, t * width);
    }
  },
  cost({ inputs, outputs }) {
    const [x, ids, weights, gate, up, down] = need(inputs, "x", "ids", "weights", "gate", "up", "down");
    const [out] = need(outputs, "out");
    const choices = countOf(ids.shape);
    const [, hidden = 0, width = 0] = gate.shape;
    const stored = [gate, up, down].reduce((sum, w) => sum + expertBytes(w, choices), 0);
    return {
      flops: choices * (6 * hidden * width + 5 * hidden + 2 * width),
      bytes: x.bytes + ids.bytes + weights.bytes + out.bytes + stored,
    };
  },
  tolerance: gatedNetwork,
  lowerings: [
    { name: "fused", doc: "One kernel: rows are grouped by expert and nothing between goes through memory." },
    {
      name: "primitives",
      doc: "Two expert_matmuls, swiglu, expert_matmul, weighted_sum.",
      expand({ builder, inputs }) {
        const [x, ids, weights, gate, up, down] = need(inputs, "x", "ids", "weights", "gate", "up", "down");
        const [gated] = need(builder.add(expertMatmulOp, "gate", { x, w: gate, ids }), "out");
        const [lifted] = need(builder.add(expertMatmulOp, "up", { x, w: up, ids }), "out");
        const [hidden] = need(builder.add(swigluOp, "swiglu", { gate: gated, up: lifted }), "out");
        const [lowered] = need(builder.add(expertMatmulOp, "down", { x: hidden, w: down, ids }), "out");
        return builder.add(weightedSumOp, "sum", { x: lowered, weights });
      },
    },
  ],
});

/**
 * Σᵤ weights · down(silu(gate x) · (up x)) over the chosen experts: x [T, E], ids and weights [T, U], gate and up [X, F, E],
 * down [X, E, F] → [T, E].
 */
export const moe = <
  T extends Axis,
  E extends Axis,
  U extends Axis,
  T2 extends Axis,
  W extends Axes,
  X extends Axis,
  F extends Axis,
  E2 extends Axis,
  G extends Axes,
  D extends Axes,
>(
  at: string,
  x: Tensor<readonly [T, E], "f32">,
  routing: {
    readonly ids: Tensor<readonly [T2, U], "i32"> & SameAxis<T, T2, "moe: x runs over", "ids over">;
    readonly weights: Tensor<W, "f32"> &
      SameAxes<readonly [T2, U], W, "moe: ids has the axes", "weights has">;
  },
  experts: {
    readonly gate: Tensor<readonly [X, F, E2], StorageDType> &
      SameAxis<E, E2, "moe: x ends in", "gate reads">;
    readonly up: Tensor<G, StorageDType> &
      SameAxes<readonly [X, F, E2], G, "moe: gate has the axes", "up has">;
    readonly down: Tensor<D, StorageDType> &
      SameAxes<readonly [X, E2, F], D, "moe: down must have the axes", "it has">;
  },
): Tensor<readonly [T, E], "f32"> => typed(addNode(moeOp, at, { x, ...routing, ...experts }));
