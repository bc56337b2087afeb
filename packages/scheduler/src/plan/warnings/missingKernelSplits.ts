import { explainSplits } from "../../explain/explainSplits.ts";
import { foldNames } from "../../explain/layerNames.ts";
import { refusalLines } from "../../explain/refusalLines.ts";
import { variantFacts } from "../../explain/variantFacts.ts";
import type { Decision } from "../../rules/ruleBook.ts";
import type { Plan, PlanVariant, PlanWarning } from "../plan.ts";

/** Fewer splits than this for the lack of a kernel are no trouble. */
const MANY = 4;

interface Exile {
  readonly node: string;
  readonly op: string;
  /** The device whose lack of a kernel sent it away, and what its kernels said. */
  readonly lacking: string;
  readonly why: string;
}

/** Nodes at boundaries for which an earlier rule wanted the device on the other side, which has no kernel for them. */
function exiles(plan: Plan, variant: PlanVariant): readonly Exile[] {
  const [answer] = explainSplits(plan, { variant: variant.id });
  const { nodes } = variantFacts(plan, variant);
  return (answer?.boundaries ?? []).flatMap(({ cause }): readonly Exile[] => {
    if (cause.kind !== "crossing") return [];
    return [cause.node, cause.made].flatMap(({ node }, side): readonly Exile[] => {
      const lacking = side === 0 ? cause.made.device : cause.node.device;
      const facts = nodes.get(node);
      if (facts === undefined) return [];
      const decision = variant.decisions[facts.assigned.decision] as Decision;
      const verdict = plan.eligibility[facts.assigned.eligibility]?.devices.find(
        (each) => each.device === lacking,
      );
      const refused = decision.tried.some(({ outcome }) => outcome === "refused");
      if (!refused || verdict === undefined || verdict.kernel !== null) return [];
      const why = refusalLines(verdict.refused)[0] ?? "it has no kernel for it";
      return [{ node, op: facts.node.op, lacking, why }];
    });
  });
}

/** Splits that exist because a device has no kernel for one operation, which therefore runs elsewhere in each layer. */
export function missingKernelSplits(plan: Plan): readonly PlanWarning[] {
  const groups = new Map<string, Map<string, Exile[]>>();
  for (const variant of plan.variants) {
    for (const exile of exiles(plan, variant)) {
      const key = JSON.stringify([exile.op, exile.lacking]);
      const perVariant = groups.get(key) ?? new Map<string, Exile[]>();
      perVariant.set(variant.id, [...(perVariant.get(variant.id) ?? []), exile]);
      groups.set(key, perVariant);
    }
  }
  return [...groups.values()].flatMap((perVariant): readonly PlanWarning[] => {
    const [variant, found] = [...perVariant].reduce((most, each) =>
      each[1].length > most[1].length ? each : most,
    );
    const [first] = found;
    if (first === undefined || found.length < MANY) return [];
    const names = foldNames(found.map(({ node }) => node)).join(", ");
    return [
      {
        code: "splits-by-missing-kernel",
        message: `${found.length} of the splits of ${variant} begin or end because ${first.lacking} can't run ${first.op} (${first.why}): ${names}`,
        hint: `explain --why-not ${first.lacking} ${first.node} shows what its kernels take; another element type or lowering may fit, or place its neighbours beside it`,
      },
    ];
  });
}
