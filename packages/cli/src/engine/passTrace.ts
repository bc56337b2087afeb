import type { PassRecord } from "@tensorplan/ir";

/** What each pass changed, as `--trace-passes` prints it: counts, then the nodes. */
export function passTrace(records: readonly PassRecord[]): string {
  if (records.length === 0) return "passes: none changed anything\n";
  return records
    .map(({ pass, removed, added, changed }) => {
      const lines = [
        ...removed.map((id) => `  - ${id}`),
        ...added.map((id) => `  + ${id}`),
        ...changed.map((id) => `  ~ ${id}`),
      ];
      return `pass ${pass}: ${removed.length} removed, ${added.length} added, ${changed.length} changed\n${lines.join("\n")}\n`;
    })
    .join("");
}
