import { expect, test } from "vitest";
import { z } from "zod";
import { axis } from "../axis/axis.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { graphFromJson, graphToJson } from "../graph/graphJson.ts";
import { coreOpNames, coreOps } from "../ops/index.ts";
import { siluOp } from "../ops/silu.ts";
import { floats } from "./host.ts";
import { defineOp } from "./op.ts";
import { extendOps } from "./registry.ts";

/** An operation that somebody else brings. */
const negate = defineOp({
  name: "acme.negate",
  doc: "−x.",
  inputs: ["x"],
  attrs: z.strictObject({}),
  infer: ({ inputs }) => ({ out: inputs.x ?? { dtype: "f32", axes: [] } }),
  reference({ inputs, outputs }) {
    const { x } = inputs;
    const { out } = outputs;
    if (x !== undefined && out !== undefined) floats(out).set(floats(x).map((value) => -value));
  },
  cost: () => ({ flops: 1, bytes: 8 }),
  tolerance: { f32: 0, half: 0, block: 0 },
});

test("a set can be extended, and graphs with the new operation need the extended set", () => {
  const ops = extendOps(coreOps, [negate]);
  const builder = new GraphBuilder("test", {});
  const x = builder.input("x", [axis("embd", 2)], "f32");
  builder.output("out", builder.add(negate, "minus", { x }).out ?? x);
  const text = graphToJson(builder.finish());
  expect(graphFromJson(text, ops).nodes).toHaveLength(1);
  expect(() => graphFromJson(text, coreOps)).toThrow(
    "runs 'acme.negate', which isn't an operation of this set",
  );
  expect([...(evaluateOp(negate, { x: operand([axis("embd", 2)], [1, -2]) }).out?.data ?? [])]).toEqual([
    -1, 2,
  ]);
});

test("two operations of one name are refused", () => {
  expect(() => extendOps(coreOps, [siluOp])).toThrow("two operations are called 'silu'");
});

test.each(coreOpNames)("%s says what it does, what it makes and how exact it is", (name) => {
  const op = coreOps.get(name);
  expect(op.doc).toMatch(/.{20}/);
  expect(op.outputs.length).toBeGreaterThan(0);
  expect(Object.keys(op.aliases).every((output) => op.outputs.includes(output))).toBe(true);
  expect(op.tolerance.f32).toBeLessThanOrEqual(op.tolerance.block);
  const expands = op.lowerings.filter(({ expand }) => expand !== undefined);
  expect(expands.length).toBeGreaterThanOrEqual(Math.min(1, op.lowerings.length));
});

test("an error says which node of which operation, and which line asked for it", () => {
  const builder = new GraphBuilder("test", {});
  const x = builder.input("x", [axis("embd", 2)], "i32");
  const add = () => builder.scope("blk.0", () => builder.add(siluOp, "act", { x }));
  expect(add).toThrow("silu 'blk.0.act': x is i32[embd=2], but its elements must be f32");
  const details = { node: "blk.0.act", asked: expect.stringContaining("registry.test.ts") };
  expect(add).toThrow(expect.objectContaining({ details: expect.objectContaining(details) }));
});

test.each([
  ["op/operand-missing", {}, {}],
  ["op/operand-unknown", { x: true, y: true }, {}],
  ["op/attribute", { x: true }, { factor: 2 }],
])("refuses %s", (code, given, attrs) => {
  const builder = new GraphBuilder("test", {});
  const x = builder.input("x", [axis("embd", 2)], "f32");
  const inputs = Object.fromEntries(Object.keys(given).map((name) => [name, x]));
  expect(() => builder.add(siluOp, "act", inputs, attrs)).toThrow(expect.objectContaining({ code }));
});

test("refuses an operand of another graph", () => {
  const x = new GraphBuilder("other", {}).input("x", [axis("embd", 2)], "f32");
  expect(() => new GraphBuilder("test", {}).add(siluOp, "act", { x })).toThrow("belongs to another graph");
});
