import { z } from "zod";
import type { Axes, Axis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import { fail } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import {
  axesOf,
  expectF32,
  expectSameAxes,
  expectSameAxis,
  expectStorage,
  lastAxis,
  need,
} from "../op/check.ts";
import { allBytes } from "../op/cost.ts";
import { countOf, floats, rowsOf, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { gatedProduct } from "../op/tolerance.ts";
import type { SameAxes, SameAxis } from "../op/typed.ts";
import { multiplyRows, siluOf } from "./support/linear.ts";

export const gateUpSwigluOp = defineOp({
  name: "gate_up_swiglu",
  doc: "Gated linear unit in one go: x [..., K], gate [N, K], up [N, K] → out [..., N] = silu(x·gateᵀ)·(x·upᵀ). Made by the pass fuse-gate-up.",
  inputs: ["x", "gate", "up"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [x, gate, up] = need(inputs, "x", "gate", "up");
    expectF32({ x });
    expectStorage({ gate, up });
    if (gate.dtype !== up.dtype) {
      fail("gate-up-swiglu/storage", `gate is stored as ${gate.dtype}, but up as ${up.dtype}`, {
        gate: gate.dtype,
        up: up.dtype,
      });
    }
    const { leading, last } = lastAxis("x", x);
    const [n, k] = axesOf("gate", gate, ["N", "K"]);
    expectSameAxis("gate-up-swiglu/inner-axis", "x ends in", last, "gate reads", k);
    expectSameAxes("gate-up-swiglu/axes", "gate", gate, "up", up);
    return { out: { dtype: "f32", axes: [...leading, n] } };
  },
  reference({ inputs, outputs }) {
    const [x, gate, up] = need(inputs, "x", "gate", "up");
    const [out] = need(outputs, "out");
    const sizes = { x: floats(x), rows: rowsOf(x.shape), inner: widthOf(x.shape), outer: widthOf(out.shape) };
    const gated = new Float64Array(countOf(out.shape));
    const lifted = new Float64Array(gated.length);
    multiplyRows({ ...sizes, w: floats(gate), out: gated });
    multiplyRows({ ...sizes, w: floats(up), out: lifted });
    const result = floats(out);
    for (let i = 0; i < gated.length; i++) result[i] = siluOf(gated[i] as number) * (lifted[i] as number);
  },
  cost(context) {
    const [x] = need(context.inputs, "x");
    const [out] = need(context.outputs, "out");
    return { flops: countOf(out.shape) * (4 * widthOf(x.shape) + 5), bytes: allBytes(context) };
  },
  tolerance: gatedProduct,
});

/** silu(x·gateᵀ)·(x·upᵀ): x [..., K], gate and up [N, K] of one storage type → [..., N]. */
export const gateUpSwiglu = <
  B extends Axes,
  K extends Axis,
  N extends Axis,
  K2 extends Axis,
  U extends Axes,
  D extends StorageDType,
>(
  at: string,
  x: Tensor<readonly [...B, K], "f32">,
  gate: Tensor<readonly [N, K2], D> & SameAxis<K, K2, "gate_up_swiglu: x ends in", "gate reads">,
  up: Tensor<U, NoInfer<D>> & SameAxes<readonly [N, K2], U, "gate_up_swiglu: gate has the axes", "up has">,
): Tensor<readonly [...B, N], "f32"> => typed(addNode(gateUpSwigluOp, at, { x, gate, up }));
