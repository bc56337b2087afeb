import { countOf } from "./host.ts";
import type { Cost, CostContext } from "./op.ts";

type Sizes = Pick<CostContext<unknown>, "inputs" | "outputs">;

/** Bytes of all operands and outputs: each is touched once. */
export const allBytes = ({ inputs, outputs }: Sizes): number =>
  [...Object.values(inputs), ...Object.values(outputs)].reduce((sum, { bytes }) => sum + bytes, 0);

/** `flopsPerElement` operations for every element of the output `out`. */
export const elementwiseCost = (context: Sizes, flopsPerElement: number): Cost => ({
  flops: flopsPerElement * countOf(context.outputs.out?.shape ?? []),
  bytes: allBytes(context),
});

/** Views cost nothing. */
export const noCost: Cost = { flops: 0, bytes: 0 };
