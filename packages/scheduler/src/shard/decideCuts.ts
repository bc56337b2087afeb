import {
  evaluateSize,
  type Graph,
  type GraphNode,
  outputId,
  size,
  TensorplanError,
  type ValueId,
  valueTypes,
  type WeightDecl,
} from "@tensorplan/ir";
import { deadRule } from "../rules/auditRules.ts";
import { printOrigin, type Rule } from "../rules/rule.ts";
import type { Cut } from "./cut.ts";
import { cutAxis } from "./cutAxis.ts";
import { isShardRule, type Selected, selectWeights } from "./selectWeights.ts";
import { unitOfCut } from "./unitOfCut.ts";
import { type CutOperands, type CutWay, wayToCut } from "./waysToCut.ts";

/** What shard rules do to a graph. */
export interface Cuts {
  readonly weights: ReadonlyMap<ValueId, Cut>;
  readonly ways: ReadonlyMap<string, CutWay>;
  /** Values made in parts that something reads whole. */
  readonly joined: ReadonlySet<ValueId>;
  /** Rules that could cut nothing of what they speak of, and gave way. */
  readonly idle: readonly { readonly rule: Rule; readonly why: string }[];
}

/** A weight that can't be cut as its rule asks. */
interface Failure {
  readonly rule: Rule;
  readonly weight: string;
  readonly why: string;
}

const shardOf = (rule: Rule) => (isShardRule(rule) ? rule.do.shard : undefined);

/** The nodes of a graph under given cuts of weights. */
function decideNodes(
  graph: Graph,
  types: ReturnType<typeof valueTypes>,
  weights: ReadonlyMap<ValueId, Cut>,
): { readonly ways: Cuts["ways"]; readonly joined: Cuts["joined"]; readonly failures: readonly Failure[] } {
  const values = new Map<ValueId, Cut>();
  const ways = new Map<string, CutWay>();
  const joined = new Set<ValueId>();
  const failures: Failure[] = [];
  for (const node of graph.nodes) {
    const operands = operandsOf(node, types, weights, values);
    const answer = wayToCut(node.op, operands);
    if (answer !== undefined && "refused" in answer) {
      for (const [name, { rule }] of Object.entries(operands.weights)) {
        const why = `${node.op} '${node.id}' reads it, and ${answer.refused}`;
        failures.push({ rule, weight: node.inputs[name] as string, why });
      }
      continue;
    }
    for (const [name, cut] of Object.entries(operands.values)) {
      if (answer?.cut !== cut || !answer.inParts.includes(name)) joined.add(node.inputs[name] as ValueId);
    }
    if (answer === undefined) continue;
    ways.set(node.id, answer);
    if (answer.kind === "beside") values.set(outputId(node.id, "out"), answer.cut);
  }
  for (const { value } of graph.outputs) if (values.has(value)) joined.add(value);
  return { ways, joined, failures };
}

function operandsOf(
  node: GraphNode,
  types: ReturnType<typeof valueTypes>,
  weights: ReadonlyMap<ValueId, Cut>,
  values: ReadonlyMap<ValueId, Cut>,
): CutOperands {
  const names = Object.entries(node.inputs);
  const cutBy = (cuts: ReadonlyMap<ValueId, Cut>) =>
    Object.fromEntries(
      names.flatMap(([name, id]) => {
        const cut = cuts.get(id);
        return cut === undefined ? [] : [[name, cut] as const];
      }),
    );
  return {
    axes: Object.fromEntries(names.map(([name, id]) => [name, types.get(id)?.axes ?? []])),
    weights: cutBy(weights),
    values: cutBy(values),
  };
}

/** The cut of what a rule selects, or why its axis can't be cut so. */
function cutOf({ rule }: Selected, graph: Graph, units: readonly number[]): Cut | string {
  const { axis, devices, shares = devices.map(() => 1) } = rule.do.shard;
  const length = evaluateSize(size(graph.axes[axis] as string), {});
  const ranges = cutAxis(length, shares, units);
  if (ranges !== undefined) return { rule, axis, devices, ranges };
  const whole = Math.max(1, ...units);
  return `${axis} has ${length} positions, in blocks of ${whole}: too few for ${devices.length} parts`;
}

/** Axes along which the weights that a rule speaks of can be cut: what its hint lists. */
function possibleAxes(
  graph: Graph,
  types: ReturnType<typeof valueTypes>,
  rule: Rule,
  named: ReadonlySet<string>,
) {
  const axes = new Set<string>();
  for (const node of graph.nodes) {
    const read = Object.values(node.inputs).filter((id) => named.has(id));
    for (const axis of new Set(read.flatMap((id) => types.get(id)?.axes ?? []))) {
      if (axes.has(axis)) continue;
      const cut: Cut = { rule, axis, devices: [], ranges: [] };
      const cuts = new Map(
        Object.values(node.inputs).flatMap((id) => {
          const type = types.get(id);
          return type?.kind === "weight" && type.axes.includes(axis) ? [[id, cut] as const] : [];
        }),
      );
      const answer = wayToCut(node.op, operandsOf(node, types, cuts, new Map()));
      if (answer !== undefined && !("refused" in answer)) axes.add(axis);
    }
  }
  return [...axes].sort();
}

/**
 * Decides which weights shard rules cut, how the nodes that read them are done, and where parts come together. What a rule with
 * `else: next` can't cut is left to the rules behind it.
 *
 * @throws TensorplanError `shard/refused`, `shard/no-axis`, `rules/matches-nothing`, `rules/shadowed`, `rules/regex`
 */
export function decideCuts(graph: Graph, rules: readonly Rule[]): Cuts {
  const types = valueTypes(graph);
  const decls = new Map(graph.weights.map((weight) => [weight.id as string, weight]));
  const leftWhole = new Map<string, Map<string, string>>();
  const sets = () => new Map([...leftWhole].map(([rule, weights]) => [rule, new Set(weights.keys())]));
  for (;;) {
    const selected = selectWeights(graph, rules, sets());
    const failures: Failure[] = [];
    const weights = new Map<ValueId, Cut>();
    for (const each of selected) {
      if (each.cuts.length === 0) continue;
      const units = each.cuts.map((weight) =>
        unitOfCut(decls.get(weight) as WeightDecl, each.rule.do.shard.axis),
      );
      const numbers = units.filter((unit) => typeof unit === "number");
      const cut = cutOf(each, graph, numbers);
      each.cuts.forEach((weight, i) => {
        const unit = units[i];
        const why = typeof unit === "string" ? unit : cut;
        if (typeof why === "string") failures.push({ rule: each.rule, weight, why });
        else weights.set(weight as ValueId, why);
      });
    }
    const nodes = decideNodes(graph, types, weights);
    failures.push(...nodes.failures);
    for (const { rule, weight, why } of failures) {
      if (rule.else === "error") throw refusal(graph, types, { rule, weight, why }, selected);
      const left = leftWhole.get(rule.name) ?? new Map<string, string>();
      leftWhole.set(rule.name, left.set(weight, why));
    }
    if (failures.length > 0) continue;
    const idle = selected.flatMap((each) => idleRule(each, rules, leftWhole, () => hint(graph, types, each)));
    return { weights, ways: nodes.ways, joined: nodes.joined, idle };
  }
}

const hint = (graph: Graph, types: ReturnType<typeof valueTypes>, selected: Selected): string => {
  const { cuts, withoutAxis, leftWhole, rule } = selected;
  const axes = possibleAxes(graph, types, rule, new Set([...cuts, ...withoutAxis, ...leftWhole]));
  return axes.length === 0
    ? "none of the weights that it selects can be cut: select those of matrix products"
    : `weights that it selects can be cut along ${axes.join(", ")}`;
};

function refusal(
  graph: Graph,
  types: ReturnType<typeof valueTypes>,
  { rule, weight, why }: Failure,
  selected: readonly Selected[],
): TensorplanError {
  const own = selected.find((each) => each.rule === rule) as Selected;
  return new TensorplanError({
    code: "shard/refused",
    message: `rule '${rule.name}' (${printOrigin(rule.origin)}) can't cut '${weight}' along ${shardOf(rule)?.axis}: ${why}`,
    hint: `${hint(graph, types, own)}; select others, or write else: next in the rule to leave such weights whole`,
    details: { rule: rule.name, weight },
  });
}

/** A rule that cuts nothing: an error if it never could, else what it is listed with. */
function idleRule(
  { rule, cuts, withoutAxis, leftWhole: left, decidedBy }: Selected,
  rules: readonly Rule[],
  leftWhole: ReadonlyMap<string, ReadonlyMap<string, string>>,
  axesHint: () => string,
): Cuts["idle"] {
  if (cuts.length > 0 || rule.optional === true) return [];
  const [first] = left;
  if (first !== undefined) return [{ rule, why: leftWhole.get(rule.name)?.get(first) ?? "" }];
  if (decidedBy.size === 0 && withoutAxis.length > 0) {
    throw new TensorplanError({
      code: "shard/no-axis",
      message: `rule '${rule.name}' (${printOrigin(rule.origin)}) cuts along '${rule.do.shard.axis}', which no weight that it selects has, such as '${withoutAxis[0]}'`,
      hint: axesHint(),
      details: { rule: rule.name },
    });
  }
  const dead = decidedBy.size > 0 ? "shadowed" : "matches-nothing";
  const why = "nothing in this model is like that";
  throw deadRule({ rule, dead, shadowedBy: [...decidedBy], why }, rules);
}
