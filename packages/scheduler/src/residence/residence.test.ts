import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { plan } from "../plan/makePlan.ts";
import { weightPlaces } from "../plan/places.ts";
import { grouped, profile, rule, tinyModel } from "../testing/fixtures.ts";
import { layoutBytes } from "./layoutBytes.ts";

const graph = tinyModel(2);
const cpu = profile("cpu", { first: [grouped] });
const other = profile("cpu:1");

test("each leading index has its own groups of rows, the last one padded", () => {
  const layouts = [{ name: "x16", doc: "", rowGroup: 16, dtypes: ["f16", "q8_0"] as const }];
  expect(layoutBytes("f16", [100, 64], "rows", layouts)).toBe(100 * 128);
  expect(layoutBytes("f16", [100, 64], "x16", layouts)).toBe(112 * 128);
  expect(layoutBytes("q8_0", [3, 17, 64], "x16", layouts)).toBe(3 * 32 * 68);
  expect(layoutBytes("f32", [64], "rows", layouts)).toBe(256);
});

test("a weight lies in the layout that its kernel reads, each place a multiple of 64", () => {
  const made = plan({ graph, ops: coreOps, devices: [cpu] });
  const places = weightPlaces(made, "cpu");
  expect(places.find(({ name }) => name === "blk.0.q.weight")).toMatchObject({
    layout: "x16",
    bytes: 64 * 128,
    shape: [64, 64],
  });
  let end = 0;
  for (const { offset, bytes } of places) {
    expect(offset % 64).toBe(0);
    expect(offset).toBeGreaterThanOrEqual(end);
    end = offset + bytes;
  }
  expect(made.devices[0]?.weights).toBeGreaterThanOrEqual(end);
});

test("a weight that two kernels read differently is held twice, counted and said", () => {
  const made = plan({ graph, ops: coreOps, devices: [cpu] });
  const table = made.weights.find(({ weight }) => weight === "token_embd.weight");
  expect(table?.copies.map(({ layout, bytes, because }) => [layout, bytes, because.kind])).toEqual([
    ["rows", 100 * 128, "home"],
    ["x16", 112 * 128, "layout"],
  ]);
  expect(made.warnings).toEqual([expect.objectContaining({ code: "weight-in-two-layouts" })]);
});

test("a rule that asks for one layout avoids the second copy", () => {
  const rules = [rule("rows", { weight: "token_embd.weight" }, { store: "cpu", layout: "rows" })];
  const made = plan({ graph, ops: coreOps, devices: [cpu], rules });
  expect(made.weights.find(({ weight }) => weight === "token_embd.weight")?.copies).toHaveLength(1);
  expect(made.warnings).toEqual([]);
});

test("caches lie at their largest on the device that a rule names", () => {
  const rules = [rule("second layer", { layer: { atLeast: 1 } }, { store: "cpu:1" })];
  const { states } = plan({ graph, ops: coreOps, devices: [cpu, other], rules });
  const bytes = 2048 * 64 * 2;
  expect(states.map(({ state, device, offset, bytes: of }) => [state, device, offset, of])).toEqual([
    ["cache.0.k", "cpu", 0, bytes],
    ["cache.0.v", "cpu", bytes, bytes],
    ["cache.1.k", "cpu:1", 0, bytes],
    ["cache.1.v", "cpu:1", bytes, bytes],
  ]);
});

test.each([
  ["x8", "cpu has no layout x8 (it has rows, x16)"],
  ["x16", "f32 can't be stored as x16"],
])("refuses the layout %s where it can't be", (layout, why) => {
  const narrow = profile("cpu", { layouts: [{ name: "x16", doc: "", rowGroup: 16, dtypes: ["f16"] }] });
  const rules = [rule("asks", { weight: "blk.0.norm.weight" }, { store: "cpu", layout })];
  expect(() => plan({ graph, ops: coreOps, devices: [narrow], rules })).toThrow(
    expect.objectContaining({ code: "residence/layout", message: expect.stringContaining(why) }),
  );
});

test("weights that no lowering reads are not loaded", () => {
  const unused = {
    id: "unused.weight" as never,
    dtype: "f32" as const,
    axes: ["embd"],
    source: { kind: "tensor" as const, tensor: "unused.weight" },
  };
  const { weights } = plan({
    graph: { ...graph, weights: [unused, ...graph.weights] },
    ops: coreOps,
    devices: [cpu],
  });
  expect(weights.some(({ weight }) => weight === "unused.weight")).toBe(false);
});
