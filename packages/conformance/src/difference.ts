import type { DType, HostTensor, Tolerance } from "@tensorplan/ir";
import { dtypes } from "@tensorplan/ir";

/** Largest |Δ| over the root mean square of what is wanted. Whole numbers and infinities must be the same. */
export function relativeDifference(got: HostTensor, wanted: HostTensor): number {
  const exact = wanted.dtype === "i32";
  let largest = 0;
  let squares = 0;
  let finite = 0;
  for (let i = 0; i < wanted.data.length; i++) {
    const [a, b] = [got.data[i] as number, wanted.data[i] as number];
    if (Number.isFinite(b)) {
      squares += b * b;
      finite++;
    }
    if (Object.is(a, b)) continue;
    const delta = Math.abs(a - b);
    largest = Math.max(largest, exact || !Number.isFinite(delta) ? Number.POSITIVE_INFINITY : delta);
  }
  return largest === 0 ? 0 : largest / Math.sqrt(squares / Math.max(1, finite));
}

/** What an operation's tolerance says of operands of these types. */
export function toleranceFor(tolerance: Tolerance, types: readonly DType[]): number {
  if (types.some((dtype) => dtypes[dtype].kind === "block")) return tolerance.block;
  return types.some((dtype) => dtype === "f16" || dtype === "bf16") ? tolerance.half : tolerance.f32;
}
