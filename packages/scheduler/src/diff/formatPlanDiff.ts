import { formatBytes, formatTime } from "../explain/quantities.ts";
import { textTable } from "../explain/textTable.ts";
import { describeBox } from "../variants/box.ts";
import { layerFamilies } from "./layerFamilies.ts";
import type {
  DeviceDiff,
  LoweringDiff,
  NodeDiff,
  Pair,
  PlanDiff,
  StoredDiff,
  TimeDiff,
  TransferDiff,
  VariantDiff,
} from "./planDiff.ts";

const indent = (lines: readonly string[], by = "  "): readonly string[] => lines.map((line) => by + line);

/** `54 > 3`; one figure where both are the same. */
const change = ({ a, b }: Pair<string>): string => (a === b ? a : `${a} > ${b}`);
const figures = ({ a, b }: Pair<number>): string => change({ a: String(a), b: String(b) });
const sizes = ({ a, b }: Pair<number>): string => change({ a: formatBytes(a), b: formatBytes(b) });

const signed = ({ a, b }: Pair<number>): string =>
  a === b ? "same" : `${b > a ? "+" : "-"}${formatBytes(Math.abs(b - a))}`;

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [title, ...indent(lines)];

function deviceLines(devices: readonly DeviceDiff[]): readonly string[] {
  const regions = ["weights", "states", "inputs", "arena", "total", "budget"] as const;
  const changed = devices.filter(
    (device) => device.in !== "both" || regions.some((region) => device[region].a !== device[region].b),
  );
  if (changed.length === 0) return [];
  const rows = changed.map((device) => [
    device.in === "both" ? device.device : `${device.in === "a" ? "-" : "+"} ${device.device}`,
    ...regions.map((region) => sizes(device[region])),
    signed(device.total),
  ]);
  return textTable(
    [["device", "weights", "caches", "inputs", "work area", "in all", "may use", "change"], ...rows],
    [1, 2, 3, 4, 5, 6, 7],
  );
}

const signs = { added: "+", removed: "-", changed: "~", moved: "~" } as const;

/** What stands in one plan only has one side; the text says which. */
const sided = <T>(a: T | null, b: T | null, of: (side: T) => string): string => {
  if (a === null) return b === null ? "" : `+ ${of(b)}`;
  return b === null ? `- ${of(a)}` : change({ a: of(a), b: of(b) });
};

const quoted = (rule: string): string => `'${rule}'`;

/** What stays where it is for another reason, counted by the rules. */
function reasonLines(
  diffs: readonly {
    readonly change: string;
    readonly a: { rule: string } | null;
    readonly b: { rule: string } | null;
  }[],
): readonly string[] {
  const counts = new Map<string, number>();
  for (const { change: kind, a, b } of diffs) {
    if (kind !== "rule") continue;
    const rules = sided(a, b, ({ rule }) => quoted(rule));
    counts.set(rules, (counts.get(rules) ?? 0) + 1);
  }
  return [...counts].map(([rules, n]) => `${n} as before, by another rule: ${rules}`);
}

function storedLines(all: readonly StoredDiff[]): readonly string[] {
  const stored = all.filter((each) => each.change !== "rule");
  const where = ({ a, b }: StoredDiff) => sided(a, b, ({ devices }) => devices.join("+"));
  const form = ({ a, b }: StoredDiff) =>
    sided(a, b, ({ dtype, layouts }) => `${dtype} ${[...new Set(layouts)].join("+")}`);
  const why = ({ a, b }: StoredDiff) => sided(a, b, ({ rule }) => quoted(rule));
  const families = layerFamilies(
    stored,
    ({ id }) => id,
    (each) => [each.kind, each.change, where(each), form(each), why(each)].join("\n"),
  );
  const rows = families.map(({ name, items }) => {
    const [first] = items as readonly [StoredDiff, ...StoredDiff[]];
    const total = (side: "a" | "b") => items.reduce((sum, each) => sum + (each[side]?.bytes ?? 0), 0);
    const bytes =
      first.a === null
        ? formatBytes(total("b"))
        : first.b === null
          ? formatBytes(total("a"))
          : sizes({ a: total("a"), b: total("b") });
    return [name, String(items.length), where(first), form(first), bytes, why(first)];
  });
  return [
    ...(rows.length === 0 ? [] : textTable([["name", "n", "device", "form", "bytes", "rule"], ...rows], [1])),
    ...reasonLines(all),
  ];
}

function nodeLines(all: readonly NodeDiff[]): readonly string[] {
  const nodes = all.filter((each) => each.change !== "rule");
  const cells = ({ a, b }: NodeDiff): readonly string[] => [
    sided(a, b, ({ op }) => op),
    sided(a, b, ({ device }) => device),
    sided(a, b, ({ kernel }) => kernel),
    sided(a, b, ({ rule }) => quoted(rule)),
  ];
  const families = layerFamilies(
    nodes,
    ({ id }) => id,
    (each) => cells(each).join("\n"),
  );
  const rows = families.map(({ name, items }) => [
    name,
    String(items.length),
    ...cells(items[0] as NodeDiff),
  ]);
  return [
    ...(rows.length === 0
      ? []
      : textTable([["node", "n", "operation", "device", "kernel", "rule"], ...rows], [1])),
    ...reasonLines(all),
  ];
}

function loweringLines(lowerings: readonly LoweringDiff[]): readonly string[] {
  const cells = ({ op, a, b }: LoweringDiff): readonly string[] => [
    op,
    sided(a, b, ({ lowering }) => lowering),
    sided(a, b, ({ rule }) => quoted(rule)),
  ];
  const families = layerFamilies(
    lowerings,
    ({ id }) => id,
    (each) => cells(each).join("\n"),
  );
  const rows = families.map(({ name, items }) => [
    name,
    String(items.length),
    ...cells(items[0] as LoweringDiff),
  ]);
  return rows.length === 0
    ? []
    : textTable([["composite", "n", "operation", "lowering", "rule"], ...rows], [1]);
}

function copyLines(copies: readonly TransferDiff[]): readonly string[] {
  const bytes = ({ bytes: { a, b } }: TransferDiff) => sided(a, b, formatBytes);
  const families = layerFamilies(
    copies,
    ({ value }) => value,
    (each) => [each.from, each.to, bytes(each)].join("\n"),
  );
  const rows = families.map(({ name, items }) => {
    const [first] = items as readonly [TransferDiff, ...TransferDiff[]];
    return [name, String(items.length), `${first.from} > ${first.to}`, bytes(first)];
  });
  return rows.length === 0 ? [] : textTable([["copy of", "n", "way", "bytes each"], ...rows], [1]);
}

const timeLines = (times: readonly TimeDiff[]): readonly string[] =>
  textTable(
    times.map(({ phase, tokens, context, nanoseconds: { a, b } }) => [
      phase,
      `${tokens} of ${context} rows`,
      change({ a: formatTime(a), b: formatTime(b) }),
      a === b || a === 0 ? "" : `${b > a ? "+" : ""}${(((b - a) / a) * 100).toFixed(1)} %`,
    ]),
  );

function variantLines(diff: VariantDiff): readonly string[] {
  const { box, variant, splits, transfers, transferBytes, nodes, lowerings, copies } = diff;
  const moved = `${nodes.filter((node) => node.change === "device").length} of ${nodes.length} changed nodes`;
  const facts = [
    `splits ${figures(splits)}`,
    `copies ${figures(transfers)}`,
    `copied bytes ${sizes(transferBytes)}`,
    nodes.length === 0 ? "every node as before" : `${moved} moved`,
  ];
  const tables = [loweringLines(lowerings), nodeLines(nodes), copyLines(copies)].filter(
    (lines) => lines.length > 0,
  );
  return [
    `${change(variant)} (${describeBox(box)}): ${facts.join(", ")}`,
    ...tables.flatMap((lines) => indent(lines)),
  ];
}

/** What the plans can differ in that this list doesn't show. */
const hidden = (diff: PlanDiff): readonly string[] => {
  const shown =
    diff.capabilitiesChanged ||
    diff.graph.a.hash !== diff.graph.b.hash ||
    diff.rules.length > 0 ||
    diff.stored.length > 0 ||
    diff.symbols.length > 0 ||
    diff.variants.some(({ nodes, lowerings, copies }) => nodes.length + lowerings.length + copies.length > 0);
  return shown || diff.same ? [] : ["they decide alike; reasons, warnings or places in memory differ"];
};

/**
 * A diff for reading. Things of several layers that changed alike share a line; `A > B` means A in the first plan and B in the second,
 * `+` only in the second, `-` only in the first.
 *
 * @param names  what to call the plans
 */
export function formatPlanDiff(diff: PlanDiff, names: Pair<string>): string {
  const { hash, graph, symbols } = diff;
  const title = (side: "a" | "b") => `${hash[side].slice(0, 12)} of ${graph[side].name}  ${names[side]}`;
  if (diff.same) return `plans are the same: ${title("a")}, ${names.b}`;
  return [
    `- plan ${title("a")}`,
    `+ plan ${title("b")}`,
    ...(graph.a.hash === graph.b.hash ? [] : ["the graphs differ"]),
    ...(diff.capabilitiesChanged ? ["what the devices can do, or their links, differ"] : []),
    ...hidden(diff),
    ...section("sizes", textTable(symbols.map(({ symbol, a, b }) => [symbol, sided(a, b, String)]))),
    ...section("memory", deviceLines(diff.devices)),
    ...section(
      "rules",
      diff.rules.map(
        ({ rule, change: kind }) =>
          `${signs[kind]} ${quoted(rule)}${kind === "moved" ? " stands elsewhere" : kind === "changed" ? " says something else" : ""}`,
      ),
    ),
    ...section("weights and caches", storedLines(diff.stored)),
    ...section("estimated time of a step", timeLines(diff.times)),
    ...section("steps", diff.variants.flatMap(variantLines)),
  ].join("\n");
}
