import type { KernelPredicate, KernelRow } from "@tensorplan/backend-api";
import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { viewGraph } from "../graph/graphView.ts";
import { anyKernel, grouped, limits, profile, tinyModel } from "../testing/fixtures.ts";
import { type Bounds, boundsOf } from "../variants/bounds.ts";
import { wholeBox } from "../variants/box.ts";
import { shapesOf, Verdicts, whyNot } from "./verdicts.ts";
import { workspaceBytes } from "./workspace.ts";

const view = viewGraph(tinyModel(1), coreOps);
const node = (id: string) =>
  view.nodes[view.nodeIndex.get(id as never) as number] as (typeof view.nodes)[number];
const whole = boundsOf(limits, wholeBox) as Bounds;

const judge = (row: KernelRow, id = "blk.0.q", more: Parameters<typeof profile>[1] = {}, layout?: string) =>
  new Verdicts([profile("cpu", { kernels: [row], ...more })], () =>
    layout === undefined ? undefined : [layout],
  ).judge(node(id), 0, whole, "whole");
const refusal = (...args: Parameters<typeof judge>) => judge(...args).refused[0];

test("the first row that fits is the kernel, and the ones before it say why not", () => {
  const rows = [
    anyKernel("matmul", { name: "matmul.vnni", requires: ["vnni"] }),
    grouped,
    anyKernel("matmul"),
  ];
  const verdict = new Verdicts([profile("cpu", { kernels: rows })]).judge(node("blk.0.q"), 0, whole, "whole");
  expect(verdict.kernel?.name).toBe("matmul.x16");
  expect(verdict.refused).toEqual([{ kernel: "matmul.vnni", code: "feature", why: "cpu lacks vnni" }]);
});

test("a device without a row for the operation says so", () => {
  const verdict = judge(anyKernel("add"));
  expect(verdict.kernel).toBeUndefined();
  expect(whyNot(verdict, profile("cpu"), "matmul")).toBe("cpu has no kernel for matmul");
});

test("refuses an element type that the kernel doesn't take", () => {
  const row = anyKernel("matmul", { operands: { x: { dtypes: ["f32"] }, w: { dtypes: ["q8_0"] } } });
  expect(refusal(row)).toMatchObject({ code: "dtype", why: "w is f16; it takes q8_0" });
});

test("refuses an operand that the kernel doesn't know", () => {
  expect(refusal(anyKernel("matmul", { operands: { x: { dtypes: ["f32"] } } }))).toMatchObject({
    code: "operand",
  });
});

test("refuses a layout that the device lacks, that the type can't have, or that a rule didn't ask for", () => {
  expect(refusal(grouped, "blk.0.q", { layouts: [] })).toMatchObject({ why: "cpu has no layout x16" });
  const narrow = [{ name: "x16", doc: "", rowGroup: 16, dtypes: ["f32"] as const }];
  expect(refusal(grouped, "blk.0.q", { layouts: narrow })).toMatchObject({
    why: "f16 can't be stored as x16",
  });
  expect(refusal(grouped, "blk.0.q", {}, "rows")).toMatchObject({ why: "w is stored as rows; it reads x16" });
  expect(judge(grouped, "blk.0.q", {}, "x16").kernel?.name).toBe("matmul.x16");
});

test("activations have no layouts", () => {
  const row = anyKernel("add", {
    operands: { a: { dtypes: ["f32"], layout: "x16" }, b: { dtypes: ["f32"] } },
  });
  expect(refusal(row, "blk.0.residual")).toMatchObject({ code: "layout" });
});

test.each<[string, KernelPredicate, boolean]>([
  ["a constant dimension", { kind: "dim", dim: "w.-1", multipleOf: 32, reason: "no" }, true],
  ["a multiple that doesn't divide", { kind: "dim", dim: "w.-1", multipleOf: 48, reason: "no" }, false],
  ["rows that may be too many", { kind: "dim", dim: "x.rows", max: 255, reason: "no" }, false],
  ["rows that never are", { kind: "dim", dim: "x.rows", max: 256, reason: "no" }, true],
  ["rows that may be too few", { kind: "dim", dim: "x.0", min: 2, reason: "no" }, false],
  ["the number of axes", { kind: "dim", dim: "x.rank", min: 2, max: 2, reason: "no" }, true],
  ["an operand that must be there", { kind: "present", operand: "w", present: true, reason: "no" }, true],
  ["an operand that must be absent", { kind: "present", operand: "w", present: false, reason: "no" }, false],
  ["an attribute that isn't there", { kind: "attr", name: "style", oneOf: ["neox"], reason: "no" }, false],
])("a condition is judged over the whole box: %s", (_, predicate, holds) => {
  expect(judge(anyKernel("matmul", { when: [predicate] })).kernel !== undefined).toBe(holds);
});

test("a condition that fails gives its own reason", () => {
  const when: KernelPredicate[] = [{ kind: "attr", name: "eps", oneOf: [1e-5], reason: "only eps 1e-5" }];
  expect(refusal(anyKernel("rms_norm", { when }), "blk.0.norm")).toMatchObject({
    code: "predicate",
    why: "only eps 1e-5",
  });
});

test("a wrong dimension in a row is the backend's mistake, and said so", () => {
  const when: KernelPredicate[] = [{ kind: "dim", dim: "x.width", min: 1, reason: "" }];
  expect(() => judge(anyKernel("matmul", { when }))).toThrow(
    expect.objectContaining({ code: "kernels/dimension" }),
  );
});

test("nodes alike share a verdict, nodes of other shapes don't", () => {
  const verdicts = new Verdicts([profile("cpu")]);
  const of = (id: string) => verdicts.judge(node(id), 0, whole, "whole");
  expect(of("blk.0.q")).toBe(of("blk.0.k"));
  expect(of("blk.0.q")).not.toBe(of("logits"));
});

test("a work area is the sum of its terms for the largest step, each rounded up to 64 bytes", () => {
  const row = anyKernel("matmul", {
    workspace: [
      { bytes: 1, dims: ["x.rows"], per: 8 },
      { bytes: 36, dims: ["x.rows", "x.-1"], per: 32 },
      { bytes: 10, dims: ["threads"] },
    ],
  });
  expect(workspaceBytes(row, shapesOf(node("blk.0.q")), whole.max, 7)).toBe(64 + (256 * 64 * 36) / 32 + 128);
});
