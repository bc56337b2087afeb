import { median } from "./stepSeries.ts";

const BYTES = 64 * 2 ** 20;
const RUNS = 5;

/** Bytes each second that one thread copies from one place of memory to another, neither of them in a cache. */
export function copyBandwidth(): number {
  const from = new Uint8Array(BYTES).fill(1);
  const to = new Uint8Array(BYTES).fill(2);
  const times = Array.from({ length: RUNS }, () => {
    const start = process.hrtime.bigint();
    to.set(from);
    return Number(process.hrtime.bigint() - start);
  });
  return Math.round((BYTES * 1e9) / median(times));
}
