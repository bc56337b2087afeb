import type { Rule } from "../rules/rule.ts";
import type { AxisRange } from "./cutAxis.ts";

/** What a shard rule does to the axis that it names: one range for each of its devices. Compared by identity. */
export interface Cut {
  readonly rule: Rule;
  readonly axis: string;
  readonly devices: readonly string[];
  readonly ranges: readonly AxisRange[];
}

/** `ffn[0:1408]`: the axis of one part, or of several that are together already. */
export const partAxisName = (axis: string, { first, count }: AxisRange): string =>
  `${axis}[${first}:${first + count}]`;
