import { TensorplanError } from "@tensorplan/ir";
import type { GraphView, NodeInfo } from "../graph/graphView.ts";
import type { Rule } from "../rules/rule.ts";
import type { Answer, CompiledRule, Decision, Tried } from "../rules/ruleBook.ts";
import type { Facts } from "../rules/selector.ts";
import type { Box } from "../variants/box.ts";
import { type Obstacle, obstacle, type Surroundings } from "./candidate.ts";
import { follow, type PlacedAt } from "./follow.ts";

/** Where a node runs and which rule said so. */
export interface Placement {
  readonly device: number;
  readonly decision: Decision;
}

export interface AssignInput extends Surroundings {
  readonly view: GraphView;
  readonly facts: readonly Facts[];
  /** Place, prefer, follow and stream rules in order. */
  readonly rules: readonly CompiledRule[];
  readonly box: Box;
  /** Composites that are still to be lowered need no kernel. */
  needsKernel(info: NodeInfo): boolean;
}

/** The device of a node that couldn't be placed. */
const NOWHERE = -1;

interface Progress {
  /** The next rule to ask. */
  at: number;
  readonly tried: Tried[];
  readonly obstacles: Obstacle[];
  /** The node that it waits for. */
  waitsFor?: number;
}

/**
 * Decides where every node with a kernel runs: rules in order, the first that matches and can be obeyed decides. Rules that follow
 * another node wait until that one is placed; where nodes wait for each other in a circle, the first of the circle in the graph's order
 * goes on to the next rule. Views have no entry: they are where their operand is.
 *
 * @param onFailure what to do with a node that can't be placed: throw, or return to leave it open
 */
export function assign(
  input: AssignInput,
  onFailure: (info: NodeInfo, rule: Rule | undefined, obstacles: readonly Obstacle[], why: string) => void,
): readonly (Placement | undefined)[] {
  const { view, facts, rules, box, devices } = input;
  const placed: (Placement | undefined)[] = view.nodes.map(() => undefined);
  const failed = new Set<number>();
  const at: PlacedAt = (node) => placed[node]?.device ?? (failed.has(node) ? NOWHERE : undefined);
  const idOf = (device: number): string => devices[device]?.id ?? "nowhere";
  const deviceIndex = new Map<string, number>(devices.map(({ id }, index) => [id, index]));

  const tryDevice = (info: NodeInfo, progress: Progress, device: number): Answer<number> => {
    const problem = obstacle(info, facts[info.index] as Facts, device, input, input.needsKernel(info));
    if (problem === undefined) return { kind: "decide", value: device };
    progress.obstacles.push(problem);
    return { kind: "refused", why: problem.why };
  };

  const tryDevices = (info: NodeInfo, progress: Progress, names: readonly string[]): Answer<number> => {
    const reasons: string[] = [];
    for (const name of names) {
      const answer = tryDevice(info, progress, deviceIndex.get(name) as number);
      if (answer.kind === "decide") return answer;
      reasons.push(answer.why);
    }
    return { kind: "refused", why: reasons.join("; ") };
  };

  const ask = (info: NodeInfo, progress: Progress, rule: Rule): Answer<number> | "wait" => {
    const action = rule.do;
    if ("place" in action) return tryDevice(info, progress, deviceIndex.get(action.place) as number);
    if ("prefer" in action) return tryDevices(info, progress, action.prefer);
    if ("stream" in action) {
      const selected = input.access.streams(rule, facts[info.index] as Facts);
      return selected
        ? tryDevices(info, progress, action.stream)
        : { kind: "no-match", why: "it reads none of the weights" };
    }
    if (!("follow" in action)) return { kind: "no-match", why: "it places nothing" };
    const lead = follow(action.follow, info, view, input.homes, at, idOf);
    if (lead.kind === "wait") {
      progress.waitsFor = lead.on;
      return "wait";
    }
    if (lead.kind === "device" && lead.device === NOWHERE) {
      return { kind: "refused", why: "what it follows can't be placed" };
    }
    if (lead.kind === "device") return tryDevice(info, progress, lead.device);
    if (lead.kind === "none") return { kind: "no-match", why: lead.why };
    progress.obstacles.push({ code: "follow-disagree", why: lead.why, which: lead.which });
    return { kind: "refused", why: lead.why };
  };

  /**
   * Asks rules until one decides (true) or the node has to wait (false). Nodes that can't be placed are settled too.
   *
   * @param circle names of the nodes that wait for each other, where this one is to break out
   */
  const advance = (info: NodeInfo, progress: Progress, circle?: string): boolean => {
    let inCircle = circle;
    for (; progress.at < rules.length; progress.at++) {
      const { rule, matches } = rules[progress.at] as CompiledRule;
      const mismatch = matches(facts[info.index] as Facts, box);
      let answer: Answer<number> | "wait" =
        mismatch === undefined ? ask(info, progress, rule) : { kind: "no-match", why: mismatch };
      if (answer === "wait") {
        if (inCircle === undefined) return false;
        answer = { kind: "refused", why: `it follows itself in a circle: ${inCircle}` };
        progress.obstacles.push({ code: "follow-circle", why: answer.why });
        inCircle = undefined;
      }
      if (answer.kind === "decide") {
        placed[info.index] = { device: answer.value, decision: { rule: rule.name, tried: progress.tried } };
        return true;
      }
      if (answer.kind === "refused" && rule.else === "error") {
        failed.add(info.index);
        onFailure(info, rule, progress.obstacles, answer.why);
        return true;
      }
      progress.tried.push({ rule: rule.name, outcome: answer.kind, why: answer.why });
    }
    failed.add(info.index);
    onFailure(
      info,
      undefined,
      progress.obstacles,
      [...new Set(progress.obstacles.map(({ why }) => why))].join("; "),
    );
    return true;
  };

  const progress = new Map<NodeInfo, Progress>();
  let open = view.nodes.filter(({ view: isView }) => !isView);
  for (const info of open) progress.set(info, { at: 0, tried: [], obstacles: [] });
  while (open.length > 0) {
    // Operands come first in the graph's order, consumers last: both ways, so that chains resolve in one sweep.
    let rest = open.filter((info) => !advance(info, progress.get(info) as Progress));
    rest = rest
      .reverse()
      .filter((info) => !advance(info, progress.get(info) as Progress))
      .reverse();
    const [first] = rest;
    if (first !== undefined && rest.length === open.length) {
      const circle = circleFrom(first, (info) => view.nodes[progress.get(info)?.waitsFor ?? -1]);
      const breaker = circle.reduce((one, other) => (other.index < one.index ? other : one));
      const names = [...circle, circle[0] as NodeInfo].map(({ node }) => node.id).join(", ");
      if (advance(breaker, progress.get(breaker) as Progress, names)) {
        rest = rest.filter((info) => info !== breaker);
      }
    }
    open = rest;
  }
  return placed;
}

/** The circle in which a chain of waiting nodes ends. */
function circleFrom(
  first: NodeInfo,
  waitsFor: (info: NodeInfo) => NodeInfo | undefined,
): readonly NodeInfo[] {
  const chain: NodeInfo[] = [];
  for (let info: NodeInfo | undefined = first; info !== undefined; info = waitsFor(info)) {
    const known = chain.indexOf(info);
    if (known >= 0) return chain.slice(known);
    chain.push(info);
  }
  return chain;
}

/** The error of a node that can't be placed. */
export function placementError(
  info: NodeInfo,
  facts: Facts,
  rule: Rule | undefined,
  obstacles: readonly Obstacle[],
  why: string,
  { devices, ...around }: Surroundings,
): TensorplanError {
  const what = `${info.node.op} '${info.node.id}'`;
  const able = devices
    .filter((_, device) => obstacle(info, facts, device, { devices, ...around }, true) === undefined)
    .map(({ id }) => id);
  const verdicts = devices.map(({ id }, device) => {
    const problem = obstacle(info, facts, device, { devices, ...around }, true);
    if (problem === undefined) return `${id} can run it`;
    return problem.code === "no-kernel" ? problem.why : `${id}: ${problem.why}`;
  });
  const away = obstacles.find(({ code }) => code !== "no-kernel");
  const following = away?.code === "follow-circle" || away?.code === "follow-disagree";
  const hint =
    able.length > 0
      ? `it can run on ${able.join(", ")}${rule === undefined ? "" : "; write else: next in the rule to go on to the next one"}`
      : away === undefined || following
        ? "no device has a kernel for it: use another element type or another backend"
        : "store the weight where the node is to run, or write a replicate or stream rule for it";
  return new TensorplanError({
    code: away === undefined ? "plan/refused" : `plan/${away.code}`,
    message:
      rule === undefined
        ? `no rule can place ${what}: ${why}`
        : `rule '${rule.name}' can't place ${what}: ${why}`,
    hint,
    details: {
      node: info.node.id,
      ...(rule === undefined ? {} : { rule: rule.name }),
      ...(away?.storeRule === undefined ? {} : { "stored by": away.storeRule }),
      ...(away?.which === undefined ? {} : { follows: away.which }),
      devices: verdicts,
    },
  });
}
