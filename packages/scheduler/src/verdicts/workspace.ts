import type { KernelRow } from "@tensorplan/backend-api";
import { type Bindings, evaluateSize, TensorplanError } from "@tensorplan/ir";
import { align } from "../memory/align.ts";
import { dimSize, type Shapes } from "./dims.ts";

/** Bytes of a kernel's work area for the largest step of a variant; each term rounded up to 64. */
export function workspaceBytes(row: KernelRow, shapes: Shapes, max: Bindings, threads: number): number {
  let total = 0;
  for (const { bytes, per = 1, dims } of row.workspace) {
    let product = bytes;
    for (const dim of dims) {
      if (dim === "threads") {
        product *= threads;
        continue;
      }
      const s = dimSize(dim, shapes);
      if (s === undefined) {
        throw new TensorplanError({
          code: "kernels/dimension",
          message: `the work area of kernel '${row.name}' depends on '${dim}', which the node doesn't have`,
          hint: "name a dimension of an operand that every node of this kernel has",
        });
      }
      product *= evaluateSize(s, max);
    }
    total += align(Math.ceil(product / per));
  }
  return total;
}
