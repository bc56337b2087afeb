import type { DeviceProfile } from "@tensorplan/backend-api";
import type { Homes } from "../residence/homes.ts";
import type { Rule } from "../rules/rule.ts";
import { type RuleBook, withoutRules } from "../rules/ruleBook.ts";
import { nestedSelectors, sizeRanges } from "../rules/selector.ts";
import { type Bounds, boundsOf } from "../variants/bounds.ts";
import { type Box, boxKey, overlap } from "../variants/box.ts";
import { boxesOf, cutsOf, splitBox } from "../variants/cuts.ts";
import { checkBoxCount, checkVariantCount, thresholds } from "../variants/limit.ts";
import { type Keyed, mergeBoxes } from "../variants/merge.ts";
import type { Verdicts } from "../verdicts/verdicts.ts";
import type { PlanInput } from "./planInput.ts";
import { decideTable, type VariantTable } from "./variantTable.ts";

/** What `decide` returns, or the error that it throws. */
function attempt<T>(decide: () => T): readonly [T, undefined] | readonly [undefined, unknown] {
  try {
    return [decide(), undefined];
  } catch (error) {
    return [undefined, error];
  }
}

/** The steps of one box, and how they run. */
export interface Decided {
  readonly box: Box;
  readonly bounds: Bounds;
  readonly table: VariantTable;
  /** Tables of boxes that make up this one, alike in everything but the reasons. */
  readonly reasons: readonly VariantTable[];
}

interface DecideInput {
  readonly input: PlanInput;
  readonly devices: readonly DeviceProfile[];
  readonly book: RuleBook;
  readonly homes: Homes;
  readonly verdicts: Verdicts;
}

/** Decides every box between the thresholds of rules and kernels. Boxes without steps have no key. */
function decideBoxes({ input, devices, book, homes, verdicts }: DecideInput): readonly Keyed<VariantTable>[] {
  const { graph, ops } = input;
  const tables: Keyed<VariantTable>[] = [];
  const open = [...boxesOf(cutsOf(book.rules, input.cuts))];
  for (let box = open.shift(); box !== undefined; box = open.shift()) {
    const bounds = boundsOf(graph.symbols, box);
    if (bounds === undefined) {
      tables.push({ box, key: undefined, of: [] });
      continue;
    }
    const key = boxKey(box);
    const decide = () => decideTable({ graph, ops, book, devices, homes, verdicts }, box, bounds, key);
    const [table, failure] = attempt(decide);
    // A kernel's condition may hold in one part of the box only: the parts are decided one by one.
    const parts = splitBox(box, verdicts.cutsWithin(key));
    if (parts.length > 1) {
      open.unshift(...parts);
      const boxes = [...open, ...tables.map(({ box: decided }) => decided)];
      checkBoxCount(boxes.length, thresholds(boxes));
    } else if (table === undefined) throw failure;
    else tables.push({ box, key: table.key, of: [table] });
  }
  return tables;
}

/** Rules that place or lower, ask for sizes of steps, and decided nothing. */
function idleSizedRules(book: RuleBook, tables: readonly VariantTable[]): ReadonlySet<string> {
  const live = new Set(
    tables.flatMap(({ placements, lowerings, compositePlaces }) => [
      ...placements.flatMap((placement) => placement?.decision.rule ?? []),
      ...lowerings.map(({ decision }) => decision.rule),
      ...[...compositePlaces.values()].map(({ rule }) => rule),
    ]),
  );
  const droppable = ({ name, do: action, when }: Rule) =>
    !live.has(name) &&
    ("place" in action || "prefer" in action || "follow" in action || "lower" in action) &&
    nestedSelectors(when).some((selector) => sizeRanges(selector).length > 0);
  return new Set(book.rules.filter(droppable).map(({ name }) => name));
}

const touch = (a: Box, b: Box): boolean =>
  overlap(a.tokensPerSequence, b.tokensPerSequence) &&
  overlap(a.tokens, b.tokens) &&
  overlap(a.context, b.context) &&
  overlap(a.sequences, b.sequences);

/**
 * Decides the steps of every size, in as few boxes as the rules and kernels allow. Thresholds of rules that decided nothing leave no
 * trace: the boxes are decided again without those rules, and only the reasons are taken from the first time.
 *
 * @returns the variants, and every table in which all rules were asked
 * @throws TensorplanError `variants/too-many`, and when a node can't be placed or lowered
 */
export function decideVariants(decide: DecideInput): {
  readonly variants: readonly Decided[];
  readonly asked: readonly VariantTable[];
} {
  const { input, book } = decide;
  const first = decideBoxes(decide);
  const asked = first.flatMap(({ of }) => of);
  const idle = idleSizedRules(book, asked);
  const final = idle.size === 0 ? first : decideBoxes({ ...decide, book: withoutRules(book, idle) });
  const merged = mergeBoxes(final);
  checkVariantCount(merged.map(({ box }) => box));
  const variants = merged.map(({ box, of: [table] }): Decided => {
    const main = table as VariantTable;
    const alike = asked.filter((each) => each.key === main.key && touch(each.box, box));
    const bounds = boundsOf(input.graph.symbols, box) as Bounds;
    return { box, bounds, table: main, reasons: alike.length > 0 ? alike : [main] };
  });
  return { variants, asked };
}
