import { opSet } from "@tensorplan/ir";
import fc from "fast-check";
import { expect, test } from "vitest";
import { rule } from "../testing/fixtures.ts";
import { randomPlan } from "../testing/randomPlans.ts";
import { only, simulate, storage } from "../testing/simulate.ts";
import { plan } from "./makePlan.ts";
import type { Plan } from "./plan.ts";
import { planToJson } from "./planJson.ts";
import { splitProgram } from "./splitProgram.ts";

test("every node with a kernel has one device and stands in one split of it", () => {
  fc.assert(
    fc.property(randomPlan(12, 3), ({ input }) => {
      const variant = only(plan(input));
      const seen = variant.splits.flatMap(({ nodes }) => nodes);
      expect(new Set(seen).size).toBe(seen.length);
      variant.nodes.forEach(({ device, kernel, decision }, position) => {
        const splits = variant.splits.filter(({ nodes }) => nodes.includes(position));
        expect(splits.map((split) => split.device)).toEqual(device === null ? [] : [device]);
        expect([kernel === null, decision < 0]).toEqual([device === null, device === null]);
      });
    }),
    { numRuns: 60 },
  );
});

test("exactly the values that are read on another device are copied there, once", () => {
  fc.assert(
    fc.property(randomPlan(12, 3), ({ input }) => {
      const made = plan(input);
      const variant = only(made);
      const { nodes, reads, writes } = storage(made);
      const madeOn = new Map<string, string>();
      const needed = new Set<string>();
      nodes.forEach((node, position) => {
        const device = variant.nodes[position]?.device;
        if (device === null || device === undefined) return;
        for (const value of reads(node)) {
          const from = madeOn.get(value);
          if (from !== undefined && from !== device) needed.add(`${value} ${from} ${device}`);
        }
        for (const value of writes(node)) madeOn.set(value, device);
      });
      const activations = variant.transfers.filter(({ kind }) => kind === "activation");
      const copied = activations.map(({ value, from, to }) => `${value} ${from} ${to}`);
      expect([...copied].sort()).toEqual([...needed].sort());
    }),
    { numRuns: 60 },
  );
});

test("whatever the order in which devices work, every node finds its operands in memory", () => {
  fc.assert(
    fc.property(randomPlan(14, 3), fc.infiniteStream(fc.nat(1000)), ({ input }, stream) => {
      expect(simulate(plan(input), (n) => (stream.next().value as number) % n)).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test("exactly the weights that are read where they don't live are streamed there, once, to the place that the node reads", () => {
  fc.assert(
    fc.property(randomPlan(12, 3, true), ({ input }) => {
      const made = plan(input);
      const variant = only(made);
      const needed = new Set<string>();
      variant.nodes.forEach(({ node, device }) => {
        for (const value of Object.values(made.nodes[node]?.inputs ?? {})) {
          const copies = made.weights.find(({ weight }) => weight === value)?.copies ?? [];
          const home = copies.find(({ because }) => because.kind !== "replica");
          if (home !== undefined && device !== null && copies.every((copy) => copy.device !== device))
            needed.add(`${value} ${home.device} ${device}`);
        }
      });
      const streams = variant.transfers.filter(({ kind }) => kind === "stream");
      expect(streams.map(({ value, from, to }) => `${value} ${from} ${to}`).sort()).toEqual(
        [...needed].sort(),
      );
      for (const split of variant.splits) {
        for (const { op, inputs } of splitProgram(made, variant, split).nodes) {
          const streamed = streams.filter(
            ({ to, before }) => to === split.device && before.includes(split.id),
          );
          if (op !== "matmul" || inputs.w?.region === "weights") continue;
          expect(
            streamed.map(({ toRegion, toOffset }) => ({ region: toRegion, offset: toOffset })),
          ).toContainEqual({ region: inputs.w?.region, offset: inputs.w?.offset });
        }
      }
    }),
    { numRuns: 80 },
  );
});

test("a weight is held a second time exactly where it may be and a node there reads it, and its bytes are counted", () => {
  fc.assert(
    fc.property(randomPlan(12, 3, true), ({ input }) => {
      const made = plan(input);
      const read = new Set(
        only(made).nodes.flatMap(({ node, device }) =>
          Object.values(made.nodes[node]?.inputs ?? {}).map((value) => `${value} ${device}`),
        ),
      );
      const allowed = new Set(
        input.rules.flatMap(({ when: { weight }, do: action }) =>
          "replicate" in action && typeof weight === "string"
            ? action.replicate.map((device) => `${weight} ${device}`)
            : [],
        ),
      );
      for (const { weight, copies } of made.weights) {
        const second = copies.filter(({ because }) => because.kind === "replica");
        const home = copies.find((copy) => !second.includes(copy))?.device;
        const expected = input.devices
          .map(({ id }) => `${weight} ${id}`)
          .filter((each) => each !== `${weight} ${home}` && read.has(each) && allowed.has(each));
        expect(second.map(({ device }) => `${weight} ${device}`)).toEqual(expected);
      }
      for (const { id, weights } of made.devices) {
        const here = made.weights.flatMap(({ copies }) => copies.filter(({ device }) => device === id));
        const last = Math.max(0, ...here.map(({ offset, bytes }) => offset + bytes));
        expect(weights).toBeGreaterThanOrEqual(last);
      }
    }),
    { numRuns: 80 },
  );
});

test("whatever the order in which devices work and weights come, every node finds its operands and weights", () => {
  fc.assert(
    fc.property(randomPlan(14, 3, true), fc.infiniteStream(fc.nat(1000)), ({ input }, stream) => {
      expect(simulate(plan(input), (n) => (stream.next().value as number) % n)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test("the order of all tasks satisfies their dependencies", () => {
  fc.assert(
    fc.property(randomPlan(12, 3, true), ({ input }) => {
      const { order, splits, transfers } = only(plan(input));
      const at = (id: string) => order.indexOf(id);
      expect([...order].sort()).toEqual([...splits, ...transfers].map(({ id }) => id).sort());
      for (const { id, waits } of splits) for (const wait of waits) expect(at(wait)).toBeLessThan(at(id));
      // A stream into bytes that nothing used before waits for nothing.
      for (const { id, after } of transfers) expect(after === null ? -1 : at(after)).toBeLessThan(at(id));
    }),
    { numRuns: 60 },
  );
});

test("a rule that decides nothing can be left out: no assignment, split, transfer or offset changes", () => {
  const decided = ({ variants, weights, states, devices }: Plan) => ({
    variants: variants.map(({ decisions, nodes, lowerings, ...rest }) => ({
      ...rest,
      nodes: nodes.map((node) => ({ ...node, decision: decisions[node.decision]?.rule })),
      lowerings: lowerings.map((each) => ({ ...each, decision: decisions[each.decision]?.rule })),
    })),
    weights: weights.map(({ decision, ...rest }) => ({ ...rest, rule: decision.rule })),
    states: states.map(({ decision, ...rest }) => ({ ...rest, rule: decision.rule })),
    devices,
  });
  fc.assert(
    fc.property(randomPlan(8, 2), fc.nat(100), ({ input }, where) => {
      const idle = rule(
        "idle",
        { op: "rope", tokensPerSequence: { atLeast: 17 } },
        { place: "d1" },
        { optional: true },
      );
      const rules = [...input.rules];
      rules.splice(where % (rules.length + 1), 0, idle);
      expect(decided(plan({ ...input, rules }))).toEqual(decided(plan(input)));
    }),
    { numRuns: 40 },
  );
});

/** The same value with the keys of every object in another order. */
function shuffled<T>(value: T, random: () => number): T {
  if (Array.isArray(value)) return value.map((item) => shuffled(item as unknown, random)) as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  const entries = Object.entries(value).map(([key, member]) => ({
    key,
    member: shuffled(member as unknown, random),
    at: random(),
  }));
  return Object.fromEntries(entries.sort((a, b) => a.at - b.at).map(({ key, member }) => [key, member])) as T;
}

test("the order of keys, operations, features, layouts and links doesn't change a byte", () => {
  fc.assert(
    fc.property(randomPlan(10, 3), fc.infiniteStream(fc.nat()), ({ input }, stream) => {
      const random = () => stream.next().value as number;
      const { ops, ...data } = input;
      const link = { bandwidth: 1e9, latencyNs: 1000 };
      const [a, b, c] = input.devices.map(({ id }) => id);
      if (a === undefined || b === undefined || c === undefined)
        throw new Error("three devices were asked for");
      const devices = data.devices.map((device) => ({ ...device, features: ["x", "y"] }));
      const links = [
        { between: [a, b] as const, ...link },
        { between: [b, c] as const, ...link },
      ];
      const again = shuffled({ ...data, devices }, random);
      const swapped = {
        ...again,
        devices: again.devices.map((device) => ({
          ...device,
          features: ["y", "x"],
          layouts: [...device.layouts].reverse(),
        })),
        links: [
          { between: [c, b] as const, ...link },
          { between: [a, b] as const, ...link },
        ],
      };
      const registered = opSet([...ops.names].reverse().map((name) => ops.get(name)));
      expect(planToJson(plan({ ...swapped, ops: registered }))).toBe(
        planToJson(plan({ ...data, devices, links, ops })),
      );
    }),
    { numRuns: 40 },
  );
});
