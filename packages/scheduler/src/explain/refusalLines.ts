import type { Refusal } from "../verdicts/row.ts";

/** `matmul.f32.x16.avx2` behind `matmul.f32.x16.avx512` is `…avx2`. */
function shortened(name: string, before: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 && before.startsWith(name.slice(0, dot + 1)) ? `…${name.slice(dot + 1)}` : name;
}

/** `a.x, …y: reason` for each reason, in the order in which kernels were tried; `code` adds the reason's code. */
export function refusalLines(refused: readonly Refusal[], code = false): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const { kernel, why, code: kind } of refused) {
    const reason = code ? `${why} (${kind})` : why;
    groups.set(reason, [...(groups.get(reason) ?? []), kernel]);
  }
  return [...groups].map(([reason, [first = "", ...more]]) => {
    const names = [first, ...more.map((name) => shortened(name, first))];
    return `${names.join(", ")}: ${reason}`;
  });
}
