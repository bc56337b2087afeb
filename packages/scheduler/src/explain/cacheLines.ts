import { evaluateSize } from "@tensorplan/ir";
import type { Plan } from "../plan/plan.ts";
import { parseSize } from "../plan/planIndex.ts";
import { textTable } from "./textTable.ts";

/** The caches of one kind, such as every layer's keys. */
interface CachePart {
  /** What the caches' names end in: `kv`, `k`, `v`. */
  readonly part: string;
  readonly dtype: string;
  readonly device: string;
  /** One for each layer. */
  readonly caches: number;
  /** Tokens that a cache has room for, and values that it keeps of each. */
  readonly rows: number;
  readonly values: number;
  readonly bytes: number;
}

/** What the plan's caches are made of, in the order of their first layers. */
function cacheParts(plan: Plan): readonly CachePart[] {
  const parts = new Map<string, CachePart>();
  for (const { state, dtype, device, shape, bytes } of plan.states) {
    const part = state.slice(state.lastIndexOf(".") + 1);
    const [rows = 0, ...row] = shape.map((size) => evaluateSize(parseSize(size), plan.graph.symbols));
    const values = row.reduce((n, size) => n * size, 1);
    const key = [part, dtype, device, rows, values].join(" ");
    const before = parts.get(key) ?? { part, dtype, device, caches: 0, rows, values, bytes: 0 };
    parts.set(key, { ...before, caches: before.caches + 1, bytes: before.bytes + bytes });
  }
  return [...parts.values()];
}

/** `kv (f16)  972.00 MiB on cpu  27 caches of 32768 rows of 576 values`. */
export const cacheLines = (plan: Plan): readonly string[] =>
  textTable(
    cacheParts(plan).map(({ part, dtype, device, caches, rows, values, bytes }) => [
      `${part} (${dtype})`,
      `${(bytes / 2 ** 20).toFixed(2)} MiB`,
      `on ${device}`,
      `${caches} ${caches === 1 ? "cache" : "caches"} of ${rows} rows of ${values} values`,
    ]),
    [1],
  );
