import { type Engine, expectAsPlanned, type LedgerRow } from "@tensorplan/runtime";
import type { CliContext } from "../cliContext.ts";
import { coloursFor } from "../output/colours.ts";
import { writeTo } from "../output/streams.ts";
import { table } from "../output/table.ts";

/** Every copy of a run, planned beside measured bytes, and their sums. */
export function ledgerTable(rows: readonly LedgerRow[]): string {
  const sum = (of: (row: LedgerRow) => number) => String(rows.reduce((total, row) => total + of(row), 0));
  return table(
    [
      { title: "copy" },
      { title: "variant" },
      { title: "value" },
      { title: "from" },
      { title: "to" },
      { title: "copies", align: "right" },
      { title: "planned bytes", align: "right" },
      { title: "measured bytes", align: "right" },
      { title: "" },
    ],
    [
      ...rows.map(({ kind, variant, value, from, to, copies, planned, measured }) => [
        kind,
        variant ?? "",
        value,
        from,
        to,
        String(copies),
        String(planned),
        String(measured),
        planned === measured ? "" : "differs",
      ]),
      ["all", "", "", "", "", sum((r) => r.copies), sum((r) => r.planned), sum((r) => r.measured), ""],
    ],
  );
}

/**
 * Says where a run differs from its plan in memory, copies or executed splits.
 *
 * @throws TensorplanError `run/not-as-planned` instead, where `TENSORPLAN_STRICT` is set, as tests do
 */
export async function reportDifferences(engine: Engine, { stderr, env }: CliContext): Promise<void> {
  const differences = engine.differences();
  if (env.TENSORPLAN_STRICT) expectAsPlanned(differences);
  const { yellow } = coloursFor(stderr, env);
  for (const { message } of differences)
    await writeTo(stderr, `${yellow(`warning: not as planned: ${message}`)}\n`);
}
