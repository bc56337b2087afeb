import {
  formatPlanSummary,
  formatPlanTable,
  type Plan,
  planToJson,
  variantOfPhase,
} from "@tensorplan/scheduler";
import { type Command, Option } from "commander";

const forms = ["json", "table", "dot", "svg", "html"] as const;
type Form = (typeof forms)[number];

/** In which form a plan is wanted, and of which phase. */
export interface DocumentFlags extends Partial<Readonly<Record<Form, true>>> {
  readonly phase?: "prefill" | "decode";
}

const formHelp: Readonly<Record<Form, string>> = {
  json: "print the plan itself: canonical JSON, the same bytes for the same input",
  table: "print a line for each node and copy, in the order in which they run",
  dot: "print the splits of one phase (default: decode) as a graph for Graphviz",
  svg: "print them as a picture",
  html: "print a page that shows everything: open it in a browser, it needs no network",
};

export function addDocumentOptions(command: Command): Command {
  command.addOption(
    new Option("--phase <PHASE>", "only what the steps of one phase do").choices(["prefill", "decode"]),
  );
  for (const form of forms) {
    command.addOption(
      new Option(`--${form}`, formHelp[form]).conflicts(forms.filter((other) => other !== form)),
    );
  }
  return command;
}

/** The plan in the form asked for, with a line's end. */
export async function planDocument(made: Plan, flags: DocumentFlags): Promise<string> {
  const form = forms.find((each) => flags[each] === true);
  const { phase } = flags;
  const shown = phase === undefined ? made : { ...made, variants: [variantOfPhase(made, phase)] };
  switch (form) {
    case "json":
      return `${planToJson(shown)}\n`;
    case "table":
      return `${tables(made, phase)}\n`;
    case "dot":
      return (await import("@tensorplan/viewer")).planDot(made, variantOfPhase(made, phase ?? "decode"));
    case "svg":
      return (await import("@tensorplan/viewer")).planSvg(made, variantOfPhase(made, phase ?? "decode"));
    case "html":
      return (await import("@tensorplan/viewer")).planHtml(shown);
    case undefined:
      return `${formatPlanSummary(made)}\n${phase === undefined ? "" : `\n${formatPlanTable(made, phase)}\n`}`;
  }
}

/** Both phases where they differ, one behind the other. */
function tables(made: Plan, phase: DocumentFlags["phase"]): string {
  if (phase !== undefined) return formatPlanTable(made, phase);
  const [decode, prefill] = (["decode", "prefill"] as const).map((each) => variantOfPhase(made, each));
  if (decode === prefill) return formatPlanTable(made, "decode");
  return `${decode?.id}\n${formatPlanTable(made, "decode")}\n\n${prefill?.id}\n${formatPlanTable(made, "prefill")}`;
}
