import type { Plan } from "../plan/plan.ts";
import { stepDims } from "../rules/rule.ts";
import { type Box, describeBox, dimNouns, wholeBox } from "../variants/box.ts";
import { mergeBoxes } from "../variants/merge.ts";
import type { Change } from "./changesBetween.ts";
import { foldNames } from "./layerNames.ts";
import { nameRule } from "./ruleText.ts";
import { type Sweep, type Swept, sweepText } from "./sweep.ts";
import type { Threshold } from "./thresholds.ts";

const counted = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

function changeLines(
  plan: Plan,
  { what, before, after, device, nodes, rule, because }: Change,
): readonly string[] {
  const names = foldNames(nodes).join(", ");
  const head =
    what === "device"
      ? `${names}: move from ${before} to ${after}`
      : what === "kernel"
        ? `${names}: by the kernel ${after} instead of ${before} on ${device}`
        : `${names}: done as '${after}' instead of '${before}'`;
  return [
    `  ${head}`,
    `    decided by ${nameRule(plan, rule)}`,
    ...(because.length === 0
      ? ["    because a node that it follows changes"]
      : because.map((why) => `    ${why}`)),
  ];
}

/** The sizes besides the threshold's own for which it holds, where that isn't all that were asked about. */
function whereText(group: readonly Threshold[], all: Box): string {
  const boxes = group.map(({ dim, at, where }) => {
    return { box: { ...where, [dim]: { from: at, below: null } }, key: "", of: [dim] };
  });
  const texts = mergeBoxes(boxes).map(({ box, of: [dim] }) => {
    const others = stepDims.filter(
      (each) => each !== dim && (box[each].from !== all[each].from || box[each].below !== all[each].below),
    );
    const shown = Object.fromEntries(others.map((each) => [each, box[each]]));
    return others.length === 0 ? "" : describeBox({ ...wholeBox, ...shown });
  });
  return texts.includes("") ? "" : `, with ${texts.join(", or with ")}`;
}

/** The hull of all boxes: what was asked about, as far as the plan has steps there. */
function hull({ variants }: Swept): Box {
  const range = (dim: (typeof stepDims)[number]) => {
    const ranges = variants.map(({ box }) => box[dim]);
    const ends = ranges.map(({ below }) => below);
    return {
      from: Math.min(...ranges.map(({ from }) => from)),
      below: ends.includes(null) ? null : Math.max(...ends.map((end) => end ?? 0)),
    };
  };
  return {
    tokensPerSequence: range("tokensPerSequence"),
    tokens: range("tokens"),
    context: range("context"),
    sequences: range("sequences"),
  };
}

/** Thresholds in sentences. */
export function thresholdsText(plan: Plan, sweep: Sweep, swept: Swept, found: readonly Threshold[]): string {
  const ids = new Set(swept.variants.map(({ variant }) => variant.id));
  const over = `over ${sweepText(sweep)}${swept.tied ? " of one sequence" : ""}`;
  const [first] = swept.variants;
  if (first === undefined) return `${over}: the plan has no steps of these sizes`;
  const all = hull(swept);
  const groups = new Map<string, Threshold[]>();
  for (const each of found) {
    const key = JSON.stringify([each.dim, each.at, each.changes, each.splits, each.copies]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const sections = [...groups.values()].map((group) => {
    const [{ dim, at, splits, copies, changes }] = group as [Threshold, ...Threshold[]];
    const effect =
      splits[0] === splits[1] && copies[0] === copies[1]
        ? ""
        : ` (${splits[0]} > ${counted(splits[1], "split")}, ${copies[0]} > ${counted(copies[1], "copy", "copies")})`;
    return [
      `from ${at} ${dimNouns[dim]}${whereText(group, all)}${effect}:`,
      ...changes.flatMap((change) => changeLines(plan, change)),
    ].join("\n");
  });
  const head = `${over}: ${counted(groups.size, "threshold")}${groups.size === 0 ? "" : `, ${counted(ids.size, "variant")}`}`;
  return [head, ...sections].join("\n");
}
