import type { Plan } from "../plan/plan.ts";
import { chooseVariants, type VariantChoice } from "./chooseVariants.ts";
import { type Explanation, explainNode, explainThing, storedOf } from "./explainNode.ts";
import { maskLayers, printLayers } from "./layerNames.ts";
import { namedThings } from "./names.ts";

const splitName = /\bin split (s\d+)\b/g;

/** Texts that are equal but for layers and the numbers of splits are one answer. */
const alike = ({ id, what, lines }: Explanation): string =>
  [maskLayers(id), what, ...lines.map((line) => maskLayers(line.replace(splitName, "in split")))].join("\n");

const most = 4;

/** Splits that the folded nodes run in, for a line that names one. */
function splitsText(group: readonly Explanation[], line: number): string {
  const splits = [
    ...new Set(
      group.flatMap(({ lines }) =>
        [...(lines[line] ?? "").matchAll(splitName)].map(([, id]) => id as string),
      ),
    ),
  ];
  if (splits.length === 1) return `in split ${splits[0]}`;
  const shown = splits.length > most ? [...splits.slice(0, most), "…"] : splits;
  return `in ${splits.length} splits (${shown.join(", ")})`;
}

const nouns: Readonly<Record<string, readonly [string, string]>> = {
  weight: ["weight", "weights"],
  cache: ["cache", "caches"],
};

function headline(group: readonly Explanation[]): string {
  const [{ id, what }] = group as readonly [Explanation, ...Explanation[]];
  const stored = nouns[what];
  if (group.length === 1) return stored === undefined ? `${what} '${id}'` : id;
  const layers = printLayers(group.map((each) => each.id));
  const noun = stored === undefined ? `nodes ${maskLayers(id)}: ${what}` : `${stored[1]} ${maskLayers(id)}`;
  return `${group.length} ${noun}, ${layers}`;
}

/** One text for explanations that are alike. */
function foldedText(group: readonly Explanation[]): string {
  const [{ lines }] = group as readonly [Explanation, ...Explanation[]];
  if (group.length === 1) return [headline(group), ...lines].join("\n");
  const folded = lines.map((line, at) => maskLayers(line.replace(splitName, () => splitsText(group, at))));
  return [headline(group), ...folded].join("\n");
}

/** Explanations in order; those that are alike but for their layers become one. */
export function foldExplanations(explanations: readonly Explanation[]): string {
  const groups = new Map<string, Explanation[]>();
  for (const each of explanations) {
    const group = groups.get(alike(each));
    if (group === undefined) groups.set(alike(each), [each]);
    else group.push(each);
  }
  return [...groups.values()].map(foldedText).join("\n\n");
}

/**
 * Why the nodes, weights and caches that a name or glob means are where they are, in sentences; layers that are alike are told once.
 *
 * @throws TensorplanError `explain/unknown`, `plan/no-variant`
 */
export function explain(plan: Plan, wanted: string, choice: VariantChoice = {}): string {
  const variants = chooseVariants(plan, choice);
  const { nodes, weights, states } = namedThings(plan, wanted, variants);
  // What a matching node reads is told with the node.
  const told = new Set(nodes.flatMap((id) => storedOf(plan, variants, id)));
  const explanations = [
    ...nodes.map((id) => explainNode(plan, id, variants)),
    ...weights.filter((id) => !told.has(id)).map((id) => explainThing(plan, id, "weight")),
    ...states.filter((id) => !told.has(id)).map((id) => explainThing(plan, id, "cache")),
  ];
  return foldExplanations(explanations);
}
