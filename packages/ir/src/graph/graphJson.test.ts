import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coreOps } from "../ops/index.ts";
import { randomGraph } from "../random/randomGraph.ts";
import { graphHash } from "./graphHash.ts";
import { graphFromJson, graphToJson } from "./graphJson.ts";

/** The JSON of a small graph, as plain data to spoil. */
const plain = () => JSON.parse(graphToJson(randomGraph(5, 2)));
const read = (value: unknown) => graphFromJson(JSON.stringify(value), coreOps);
const raised = (body: () => unknown) => {
  try {
    body();
  } catch (error) {
    return error;
  }
  return undefined;
};

test("reading and writing again gives the same bytes, and the same hash", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(6), (seed, pieces) => {
      const graph = randomGraph(seed, pieces);
      const text = graphToJson(graph);
      const again = graphFromJson(text, coreOps);
      expect(graphToJson(again)).toBe(text);
      expect(graphHash(again)).toBe(graphHash(graph));
      expect(again).toEqual(graph);
    }),
    { numRuns: 40 },
  );
});

test("the order of keys in a file doesn't matter", () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, member]) => [key, reversed(member)]),
    );
  };
  expect(graphToJson(read(reversed(plain())))).toBe(graphToJson(read(plain())));
});

test("any change of a node changes the hash", () => {
  const graph = plain();
  const before = graphHash(read(graph));
  graph.nodes[1].origin = "by hand";
  expect(graphHash(read(graph))).not.toBe(before);
});

describe("refuses", () => {
  const node = { id: "extra", op: "silu", inputs: { x: "embed" }, attrs: {} };
  const type = { dtype: "f32", axes: ["tokens", "embd"] };
  const cases: readonly [string, string, (graph: ReturnType<typeof plain>) => void][] = [
    ["another schema", "graph/schema-version", (g) => Object.assign(g, { schema: "tensorplan.graph/9" })],
    ["a missing part", "graph/malformed", (g) => Reflect.deleteProperty(g, "states")],
    ["a part that isn't known", "graph/malformed", (g) => Object.assign(g, { extra: 1 })],
    ["an unknown element type", "graph/malformed", (g) => Object.assign(g.inputs[0], { dtype: "f64" })],
    ["an unknown operation", "graph/unknown-op", (g) => Object.assign(g.nodes[0], { op: "acme.embed" })],
    ["an unknown value", "graph/unknown-value", (g) => Object.assign(g.nodes[0].inputs, { ids: "nobody" })],
    ["an unknown output", "graph/unknown-value", (g) => g.outputs.push({ name: "more", value: "nobody" })],
    ["two outputs of one name", "graph/duplicate-output", (g) => g.outputs.push(g.outputs[0])],
    ["a value used before it is made", "graph/order", (g) => g.nodes.reverse()],
    [
      "a node that uses itself",
      "graph/cycle",
      (g) => g.nodes.push({ ...node, inputs: { x: "extra" }, outputs: { out: type } }),
    ],
    [
      "a cycle",
      "graph/cycle",
      (g) =>
        g.nodes.push(
          { ...node, id: "a", inputs: { x: "b" }, outputs: { out: type } },
          { ...node, id: "b", inputs: { x: "a" }, outputs: { out: type } },
        ),
    ],
    ["two nodes of one path", "graph/duplicate-path", (g) => g.nodes.push(g.nodes[0])],
    ["a path with spaces", "graph/path", (g) => g.nodes.push({ ...node, id: "a b", outputs: { out: type } })],
    [
      "a type that the operation doesn't make",
      "graph/wrong-type",
      (g) => g.nodes.push({ ...node, outputs: { out: { dtype: "f32", axes: ["tokens"] } } }),
    ],
    [
      "an output that the operation doesn't have",
      "graph/wrong-type",
      (g) => g.nodes.push({ ...node, outputs: { out: type, more: type } }),
    ],
    ["operands that don't fit", "op/element-type", (g) => Object.assign(g.nodes[0].inputs, { ids: "w0" })],
    [
      "attributes that don't fit",
      "op/attribute",
      (g) => g.nodes.push({ ...node, attrs: { factor: 2 }, outputs: { out: type } }),
    ],
    ["an unknown axis", "axis/unknown", (g) => Object.assign(g.inputs[0], { axes: ["nowhere"] })],
    [
      "a size with an unknown symbol",
      "axis/unknown-symbol",
      (g) => Object.assign(g.axes, { odd: "8*batch" }),
    ],
    ["a size that isn't one", "size/syntax", (g) => Object.assign(g.axes, { odd: "8-1" })],
    ["a size in another form", "graph/axis-size", (g) => Object.assign(g.axes, { odd: "2*4" })],
    [
      "a row that doesn't fill its blocks",
      "dtype/partial-block",
      (g) => {
        g.axes.odd = "7";
        g.weights.push({
          id: "odd",
          dtype: "q8_0",
          axes: ["embd", "odd"],
          source: { kind: "tensor", tensor: "t" },
        });
      },
    ],
  ];
  test.each(cases)("%s (%s)", (_, code, spoil) => {
    const graph = plain();
    spoil(graph);
    expect(raised(() => read(graph))).toMatchObject({ name: "TensorplanError", code });
  });

  test("text that isn't JSON, and JSON that isn't a graph", () => {
    expect(raised(() => graphFromJson("{", coreOps))).toMatchObject({ code: "graph/not-json" });
    expect(raised(() => graphFromJson("[]", coreOps))).toMatchObject({ code: "graph/schema-version" });
  });

  test("the overwritten version of a state", () => {
    const graph = JSON.parse(graphToJson(randomGraph(1, 0)));
    graph.axes.row = "32";
    graph.states.push({ id: "cache", dtype: "f32", axes: ["slots", "embd"] });
    graph.axes.slots = "slots";
    const write = (id: string, state: string) => ({
      id,
      op: "cache_append",
      inputs: { state, rows: "embed", slots: "slots" },
      attrs: {},
      outputs: { out: { dtype: "f32", axes: ["slots", "embd"] } },
    });
    graph.nodes.push(write("first", "cache"), write("second", "first"));
    expect(() => read(graph)).not.toThrow();
    graph.nodes.push(write("third", "first"));
    expect(raised(() => read(graph))).toMatchObject({ code: "graph/stale-state" });
    graph.nodes.splice(-1, 1, {
      ...write("third", "embed"),
      inputs: { state: "embed", rows: "embed", slots: "slots" },
    });
    graph.nodes.at(-1).outputs.out.axes = ["tokens", "embd"];
    expect(raised(() => read(graph))).toMatchObject({ code: "graph/not-a-state" });
  });
});
