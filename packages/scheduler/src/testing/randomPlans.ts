import {
  add,
  axis,
  cacheAppend,
  coreOps,
  type Graph,
  GraphBuilder,
  matmul,
  merge,
  productAxis,
  scale,
  split,
  type Tensor,
} from "@tensorplan/ir";
import fc from "fast-check";
import type { PlanInput } from "../plan/planInput.ts";
import type { Rule } from "../rules/rule.ts";
import { anyKernel, limits, profile, rule } from "./fixtures.ts";

type Kind = "add" | "scale" | "view" | "matmul" | "append";

/** One node to add: what it is and which earlier values it reads (as numbers that wrap around). */
interface Step {
  readonly kind: Kind;
  readonly reads: readonly [number, number];
}

/** A weight of a matmul: its own, or that of the matmul before it. */
type Weights = readonly { readonly shared: boolean }[];

/** The step whose weight a matmul reads. */
const ownerOf = (steps: readonly Step[], weights: Weights, i: number): number => {
  const before = steps.findLastIndex(({ kind }, j) => j < i && kind === "matmul");
  return weights[i]?.shared === true && before >= 0 ? ownerOf(steps, weights, before) : i;
};

/** A graph of up to `most` steps over [tokens, width] values, with views, weights and caches among them. */
function buildGraph(steps: readonly Step[], weights: Weights, outputs: readonly number[]): Graph {
  const tokens = axis("tokens", "tokens");
  const [a, b] = [axis("a", 2), axis("b", 8)];
  const width = productAxis("width", a, b);
  const builder = new GraphBuilder("random", limits);
  const slots = builder.input("slots", [tokens], "i32");
  type Row = Tensor<readonly [typeof tokens, typeof width], "f32">;
  const values: Row[] = [
    builder.input("x", [tokens, width], "f32"),
    builder.input("y", [tokens, width], "f32"),
  ];
  const made = new Map<number, Tensor<readonly [typeof width, typeof width], "f32">>();
  const pick = (n: number): Row => values[n % values.length] as Row;
  steps.forEach(({ kind, reads }, i) => {
    const [first, second] = [pick(reads[0]), pick(reads[1])];
    const at = `n${i}`;
    if (kind === "add") values.push(add(at, first, second));
    else if (kind === "scale") values.push(scale(at, first, 2));
    else if (kind === "view") values.push(merge(`${at}.merged`, split(`${at}.split`, first), width));
    else if (kind === "matmul") {
      const owner = ownerOf(steps, weights, i);
      const weight = made.get(owner) ?? builder.weight(`w${owner}`, [width, width], "f32");
      made.set(owner, weight);
      values.push(matmul(at, first, weight));
    } else {
      const state = builder.state(`state${i}`, [axis("slots", "slots"), width], "f32");
      cacheAppend(at, state, first, slots);
    }
  });
  outputs.forEach((n, i) => {
    builder.output(`o${i}`, pick(n));
  });
  return builder.finish();
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Kind>("add", "add", "scale", "view", "matmul", "append"),
  reads: fc.tuple(fc.nat(20), fc.nat(20)),
});

/** Graphs of up to so many nodes. */
export const randomGraph = (mostNodes: number): fc.Arbitrary<Graph> =>
  fc
    .tuple(
      fc.array(step, { minLength: 1, maxLength: mostNodes }),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 2 }),
    )
    .map(([steps, outputs]) => buildGraph(steps, [], outputs));

const deviceIds = ["d0", "d1", "d2"] as const;

/** What a matmul's weight does when the matmul runs away from it: nothing said, copied in each step, or held a second time. */
interface Away {
  readonly awayTo: number | undefined;
  readonly held: boolean;
}

function bring(node: number, owner: number, away: Away | undefined): readonly Rule[] {
  if (away?.awayTo === undefined) return [];
  const target = deviceIds[away.awayTo] as string;
  const when = { path: `n${node}` };
  if (!away.held) return [rule(`stream ${node}`, when, { stream: [target] })];
  return [
    rule(`hold w${owner} on ${target}`, { weight: `w${owner}` }, { replicate: [target] }),
    rule(`place ${node}`, when, { place: target }),
  ];
}

export interface RandomPlan {
  readonly input: PlanInput & { readonly rules: readonly Rule[] };
}

/**
 * Graphs, devices and rules: each node and weight has a device of its own by name, so that any assignment occurs.
 *
 * @param away let matmuls run where their weights don't live, which are streamed or held there too, and read each other's weights
 */
export const randomPlan = (mostNodes: number, deviceCount: 2 | 3, away = false): fc.Arbitrary<RandomPlan> =>
  fc
    .record({
      steps: fc.array(step, { minLength: 1, maxLength: mostNodes }),
      outputs: fc.array(fc.nat(20), { minLength: 1, maxLength: 2 }),
      places: fc.array(fc.nat(deviceCount - 1), { minLength: mostNodes, maxLength: mostNodes }),
      weights: fc.array(
        fc.record({
          shared: fc.boolean(),
          awayTo: fc.option(fc.nat(deviceCount - 1), { nil: undefined }),
          held: fc.boolean(),
        }),
        { minLength: away ? mostNodes : 0, maxLength: away ? mostNodes : 0 },
      ),
      workspace: fc.boolean(),
    })
    .map(({ steps, outputs, places, weights, workspace }) => {
      const deviceOf = (i: number) => deviceIds[places[i] as number] as string;
      const all = steps.flatMap(({ kind }, i): readonly Rule[] => {
        if (kind === "matmul") {
          const owner = ownerOf(steps, weights, i);
          return [
            ...(owner === i ? [rule(`store ${i}`, { weight: `w${i}` }, { store: deviceOf(i) })] : []),
            ...bring(i, owner, weights[i]),
          ];
        }
        if (kind === "append") return [rule(`store ${i}`, { state: `state${i}` }, { store: deviceOf(i) })];
        return kind === "view" ? [] : [rule(`place ${i}`, { path: `n${i}` }, { place: deviceOf(i) })];
      });
      // Several nodes may want the same weight held on the same device.
      const rules = [...new Map(all.map((each) => [each.name, each])).values()];
      const first = workspace
        ? [anyKernel("add", { name: "add.work", workspace: [{ bytes: 4, dims: ["a.rows"] }] })]
        : [];
      const devices = deviceIds.slice(0, deviceCount).map((id) => profile(id, { first }));
      return { input: { graph: buildGraph(steps, weights, outputs), ops: coreOps, devices, rules } };
    });
