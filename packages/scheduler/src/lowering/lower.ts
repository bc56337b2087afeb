import { type Graph, type GraphNode, type OpSet, TensorplanError } from "@tensorplan/ir";
import { assign } from "../assign/assign.ts";
import type { Surroundings } from "../assign/candidate.ts";
import { type Ancestors, nodeFacts } from "../assign/nodeFacts.ts";
import { type GraphView, type NodeInfo, viewGraph } from "../graph/graphView.ts";
import type { Rule } from "../rules/rule.ts";
import { type Answer, askRules, type Decision, type RuleBook } from "../rules/ruleBook.ts";
import type { Facts } from "../rules/selector.ts";
import type { Box } from "../variants/box.ts";
import { type Expansion, expandNode, spliceExpansions, usedOutputs } from "./expandNode.ts";
import { type Feasibility, feasibility } from "./feasible.ts";

/** How one composite is done. */
export interface LoweringChoice {
  readonly node: string;
  readonly op: string;
  readonly lowering: string;
  readonly decision: Decision;
}

export interface Lowered {
  readonly view: GraphView;
  readonly choices: readonly LoweringChoice[];
  readonly ancestors: Ancestors;
  /** What lower rules were asked about. */
  readonly compositeFacts: readonly Facts[];
  /** Why each composite would be where it would be, by id: its device has a say in how it is done. */
  readonly compositePlaces: ReadonlyMap<string, Decision>;
}

export interface LowerInput extends Surroundings {
  readonly graph: Graph;
  readonly ops: OpSet;
  readonly book: RuleBook;
  readonly box: Box;
}

const wanted = (rule: Rule, all: readonly string[]): readonly string[] => {
  const names = (rule.do as { readonly lower: string | readonly string[] }).lower;
  if (names === "*") return all;
  return (typeof names === "string" ? [names] : names).filter((name) => all.includes(name));
};

function chooseLowering(
  input: LowerInput,
  view: GraphView,
  info: NodeInfo,
  facts: Facts,
  device: number | undefined,
  feasible: Feasibility,
): LoweringChoice {
  const { id, op } = info.node;
  const all = input.ops.get(op).lowerings.map(({ name }) => name);
  // A composite whose weights and caches lie apart has no device of its own, but its parts may: judge them from where the cache lies.
  const [stored] = [...info.states, ...info.weights];
  const near = device ?? (stored === undefined ? 0 : input.homes.of(stored.id).device);
  const ask = (rule: Rule): Answer<string> => {
    const names = wanted(rule, all);
    if (names.length === 0) return { kind: "no-match", why: `${op} has no such lowering` };
    const reasons: string[] = [];
    for (const name of names) {
      const why = feasible(view, info, facts, name, near);
      if (why === undefined) return { kind: "decide", value: name };
      reasons.push(`${name}: ${why}`);
    }
    return { kind: "refused", why: reasons.join("; ") };
  };
  const whereItWorks = (): readonly string[] =>
    all.map((name) => {
      const able = input.devices.filter((_, on) => feasible(view, info, facts, name, on) === undefined);
      return `${name}: ${able.length === 0 ? "nowhere" : `on ${able.map((each) => each.id).join(", ")}`}`;
    });
  const found = askRules(input.book.family.lower, facts, input.box, ask, (rule, why) => {
    throw new TensorplanError({
      code: "plan/lowering-refused",
      message: `rule '${rule.name}' can't lower ${op} '${id}': ${why}`,
      hint: `the lowerings are ${all.join(", ")}; write else: next in the rule to go on to the next one`,
      details: { node: id, rule: rule.name, works: whereItWorks() },
    });
  });
  if ("decision" in found) return { node: id, op, lowering: found.value, decision: found.decision };
  throw new TensorplanError({
    code: "plan/no-lowering",
    message: `${op} '${id}' can't be done in any way: ${found.tried
      .filter(({ outcome }) => outcome === "refused")
      .map(({ why }) => why)
      .join("; ")}`,
    hint: "store its weights on a device that has the kernels, or use another backend",
    details: { node: id, op },
  });
}

/**
 * Chooses how every composite is done and rewrites the graph so, parts of parts included, until only units with one kernel are left.
 * Each choice sees the device that the rules would give the composite.
 */
export function lower(input: LowerInput): Lowered {
  const { ops, book } = input;
  const feasible = feasibility(ops, input);
  const whole = new Set<string>();
  const choices: LoweringChoice[] = [];
  const ancestors = new Map<string, readonly { readonly id: string; readonly op: string }[]>();
  const asked: Facts[] = [];
  const compositePlaces = new Map<string, Decision>();
  let view = viewGraph(input.graph, ops);
  for (;;) {
    const open = view.nodes.filter(({ composite, node }) => composite && !whole.has(node.id));
    if (open.length > 0) {
      const facts = nodeFacts(view, ancestors);
      asked.push(...open.map(({ index }) => facts[index] as Facts));
      const needsKernel = (info: NodeInfo) => !info.composite || whole.has(info.node.id);
      // Only to learn where composites would go: what can't be placed is found, and said, when the whole graph is assigned.
      const places = assign({ ...input, view, facts, rules: book.family.assign, needsKernel }, () => {});
      const expansions = new Map<string, Expansion>();
      for (const info of open) {
        const { index, node } = info;
        const place = places[index];
        if (place !== undefined) compositePlaces.set(node.id, place.decision);
        const choice = chooseLowering(input, view, info, facts[index] as Facts, place?.device, feasible);
        choices.push(choice);
        const how = ops.get(node.op).lowerings.find(({ name }) => name === choice.lowering);
        if (how?.expand === undefined) {
          whole.add(node.id);
          continue;
        }
        const expansion = expandNode(view, info, ops, choice.lowering, usedOutputs(view, info));
        expansions.set(node.id, expansion);
        const above = [{ id: node.id, op: node.op }, ...(ancestors.get(node.id) ?? [])];
        for (const part of expansion.nodes) ancestors.set(part.id, above);
      }
      if (expansions.size > 0) {
        view = viewGraph(spliceExpansions(view, ops, expansions), ops);
        continue;
      }
    }
    return {
      view,
      choices: inGraphOrder(choices, input.graph.nodes),
      ancestors,
      compositeFacts: asked,
      compositePlaces,
    };
  }
}

/** Parts stand behind the composite that they are parts of. */
function inGraphOrder(
  choices: readonly LoweringChoice[],
  nodes: readonly GraphNode[],
): readonly LoweringChoice[] {
  const position = new Map<string, number>(nodes.map(({ id }, i) => [id, i]));
  const of = (id: string): number => {
    for (let path = id; path !== ""; path = path.slice(0, Math.max(0, path.lastIndexOf(".")))) {
      const found = position.get(path);
      if (found !== undefined) return found;
    }
    return nodes.length;
  };
  return [...choices].sort((a, b) => of(a.node) - of(b.node));
}
