import { coreOps } from "@tensorplan/ir";
import { plan, formatBytes as schedulerBytes } from "@tensorplan/scheduler";
import fc from "fast-check";
import { expect, test } from "vitest";
import { profile, rule, tinyModel } from "../../../scheduler/src/testing/fixtures.ts";
import { formatBytes } from "../client/format.ts";
import { Outline } from "../client/outline.ts";
import { SpanIndex } from "../client/spanIndex.ts";
import { planDot } from "../graph/planDot.ts";
import { splitGraph } from "../graph/splitGraph.ts";
import { groupRows, mergeOrders } from "./rowOrder.ts";
import { viewOf } from "./viewOf.ts";

const made = plan({
  graph: tinyModel(3),
  ops: coreOps,
  devices: [profile("cpu", { without: ["attention"] }), profile("cuda:0")],
  rules: [rule("second layer", { layer: { atLeast: 1, below: 2 } }, { store: "cuda:0" })],
});
const view = viewOf(made);
const [variant] = view.variants;

test("every running node is one row, with the plan's own device, kernel, rule and split", () => {
  for (const planned of made.variants) {
    const shown = view.variants.find(({ id }) => id === planned.id);
    const rowOf = (node: number) => view.rows.id.indexOf(made.nodes[node]?.id ?? "");
    const views = planned.nodes.filter(({ device }) => device === null);
    expect(views.map(({ node }) => rowOf(node))).toEqual(views.map(() => -1));
    for (const [position, assigned] of planned.nodes.entries()) {
      const row = rowOf(assigned.node);
      if (views.includes(assigned)) continue;
      expect(view.devices[shown?.device[row] ?? -1]?.id).toBe(assigned.device);
      expect(view.kernels[shown?.kernel[row] ?? -1]).toBe(assigned.kernel);
      const rules = view.rules[shown?.decisions[shown.decision[row] ?? -1]?.rule ?? -1];
      expect(rules?.name).toBe(planned.decisions[assigned.decision]?.rule);
      const split = planned.splits.find(({ nodes }) => nodes.includes(position));
      expect(shown?.splits[shown.split[row] ?? -1]?.id).toBe(split?.id);
    }
  }
});

test("copies go from the row that makes the value, through views, to one that reads it", () => {
  expect(variant?.transfers).toHaveLength(made.variants[0]?.transfers.length ?? -1);
  for (const { source, target, bytes, value } of variant?.transfers ?? []) {
    expect(bytes).toBeGreaterThan(0);
    expect(source).toBeGreaterThanOrEqual(0);
    expect(target).toBeGreaterThan(source);
    const root = variant?.views[value] ?? value;
    expect(root.startsWith(view.rows.id[source] ?? "?")).toBe(true);
  }
});

test("the document survives JSON", () => {
  expect(JSON.parse(JSON.stringify(view))).toEqual(view);
});

test("orders are merged: each list's own order holds, and nothing is lost", () => {
  const list = fc.uniqueArray(fc.nat(12).map(String), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(30), { maxLength: 25 }),
      fc.infiniteStream(fc.boolean()),
      (all, coins) => {
        // Lists that agree: parts of one order.
        const whole = all.map(String);
        const parts = [0, 1, 2].map(() => whole.filter(() => coins.next().value));
        const merged = mergeOrders(parts);
        expect(new Set(merged)).toEqual(new Set(parts.flat()));
        expect(merged).toHaveLength(new Set(parts.flat()).size);
        const [first = []] = parts;
        expect(merged.filter((id) => first.includes(id))).toEqual(first);
      },
    ),
  );
  fc.assert(
    fc.property(list, list, (a, b) => {
      const merged = mergeOrders([a, b]);
      expect(merged.toSorted()).toEqual([...new Set([...a, ...b])].sort());
    }),
  );
});

test("rows fold by layers", () => {
  const ids = ["embed", "blk.0.a", "blk.0.b", "pick", "blk.0.c", "blk.1.a", "norm", "logits"];
  expect(groupRows(ids).map(({ name, first, count }) => [name, first, count])).toEqual([
    ["embed", 0, 1],
    ["layer 0", 1, 2],
    ["pick", 3, 1],
    ["layer 0, continued", 4, 1],
    ["layer 1", 5, 1],
    ["behind the layers", 6, 2],
  ]);
});

test("an outline knows where each row stands, folded and open", () => {
  const ids = ["embed", "blk.0.a", "blk.0.b", "blk.1.a", "blk.1.b", "logits"];
  const outline = new Outline(groupRows(ids), ids.length);
  expect(outline.length).toBe(4);
  expect([...outline.positions]).toEqual([0, 1, 1, 2, 2, 3]);
  outline.set(2, true);
  expect(outline.length).toBe(6);
  expect([...outline.positions]).toEqual([0, 1, 1, 3, 4, 5]);
  expect(outline.at(2)).toEqual({ kind: "group", group: 2 });
  expect(outline.at(3)).toEqual({ kind: "row", row: 3 });
  expect(outline.positionOfGroup(2)).toBe(2);
  expect(outline.at(6)).toBeUndefined();
});

test("spans in a window are those that a search of all finds", () => {
  const span = fc
    .tuple(fc.nat(3000), fc.nat(900))
    .map(([first, length]) => ({ first, last: first + length }));
  fc.assert(
    fc.property(fc.array(span), fc.nat(3000), fc.integer({ min: 1, max: 80 }), (spans, from, size) => {
      const index = new SpanIndex(spans, ({ first, last }) => [first, last]);
      const wanted = spans.filter(({ first, last }) => last >= from && first < from + size);
      expect(new Set(index.within(from, from + size))).toEqual(new Set(wanted));
    }),
  );
});

test("bytes look as they do on the command line", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (n) => {
      expect(formatBytes(n)).toBe(schedulerBytes(n));
    }),
  );
});

test("a picture has a cluster for each split and bold edges with the bytes of all copies", () => {
  const [planned] = made.variants as [(typeof made.variants)[number]];
  const { boxes, flows } = splitGraph(made, planned);
  expect(boxes.flatMap(({ nodes }) => nodes)).toHaveLength(
    planned.nodes.filter(({ device }) => device !== null).length,
  );
  const copied = flows.reduce((sum, flow) => sum + flow.copied, 0);
  expect(copied).toBe(planned.transfers.reduce((sum, { bytes }) => sum + bytes, 0));
  const text = planDot(made, planned);
  expect(text.match(/subgraph "cluster_/g)).toHaveLength(planned.splits.length);
  expect(text).toContain("penwidth=2.2");
});
