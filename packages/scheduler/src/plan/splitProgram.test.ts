import { coreOps, printSize } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { anyKernel, grouped, limits, profile, rule, tinyModel } from "../testing/fixtures.ts";
import { plan } from "./makePlan.ts";
import { inputPlaces, outputPlaces, planFor, regionBytes, statePlaces, weightPlaces } from "./places.ts";
import type { Plan, PlanVariant } from "./plan.ts";
import { programSymbols, splitProgram } from "./splitProgram.ts";
import { stepTasks } from "./stepTasks.ts";

const naive = rule("naive", { op: "attention" }, { lower: "naive" });
const second = rule("second layer", { layer: { atLeast: 1 } }, { store: "cpu:1" });
const work = anyKernel("add", { name: "add.work", workspace: [{ bytes: 4, dims: ["a.rows", "threads"] }] });
const made = plan({
  graph: tinyModel(2),
  ops: coreOps,
  devices: [profile("cpu", { first: [grouped, work] }), profile("cpu:1")],
  rules: [naive, second],
});
const variant = made.variants[0] as PlanVariant;
const programs = variant.splits.map((split) => splitProgram(made, variant, split));
const node = (id: string) => programs.flatMap(({ nodes }) => nodes).find((each) => each.id === id);

test("a program lists the split's nodes with kernels, attributes and symbols", () => {
  expect(programs.map(({ id, device }) => [id, device])).toEqual([
    ["step/s0", "cpu"],
    ["step/s1", "cpu:1"],
    ["step/s2", "cpu"],
  ]);
  expect(programs[0]?.symbols).toEqual(["context", "outputs", "pages", "sequences", "slots", "tokens"]);
  expect(programSymbols(made)).toEqual(programs[0]?.symbols);
  expect(node("blk.0.norm")).toMatchObject({
    op: "rms_norm",
    kernel: "rms_norm.any",
    attrs: { eps: 1e-6 },
    workspace: null,
  });
});

test("weights are read in the layout of the kernel's copy", () => {
  const place = weightPlaces(made, "cpu").find(
    ({ name, layout }) => name === "token_embd.weight" && layout === "x16",
  );
  expect(node("logits")?.inputs.w).toMatchObject({
    region: "weights",
    layout: "x16",
    offset: place?.offset,
    dtype: "f16",
  });
  expect(node("embed")?.inputs.table).toMatchObject({ region: "weights", layout: "rows" });
});

test("a view lies where its operand does, in its own shape", () => {
  const rows = node("blk.0.append_k")?.inputs.rows;
  const made0 = node("blk.0.k")?.outputs.out;
  expect(rows).toMatchObject({ region: "arena", offset: made0?.offset });
  expect(rows?.shape.map(printSize)).toEqual(["tokens", "2", "32"]);
  expect(made0?.shape.map(printSize)).toEqual(["tokens", "64"]);
});

test("a changed cache is the cache", () => {
  const { inputs, outputs } = node("blk.1.append_v") ?? {};
  const cache = statePlaces(made).find(({ name }) => name === "cache.1.v");
  expect(outputs?.out).toEqual(inputs?.state);
  expect(outputs?.out).toMatchObject({ region: "states", offset: cache?.offset, dtype: "f16" });
  expect(node("blk.1.attn.values")?.inputs.v).toEqual(outputs?.out);
});

test("axes that attributes mention come with their sizes", () => {
  const { axes } = node("blk.0.attn.scores") ?? {};
  expect(printSize(axes?.context ?? [])).toBe("context");
});

test("a work area has its place and its largest size", () => {
  const { workspace } = node("blk.0.residual") ?? {};
  expect(workspace).toMatchObject({ bytes: 4 * 256 * 4 });
  expect((workspace?.offset ?? 1) % 64).toBe(0);
});

test("step inputs have a place on each device that reads them", () => {
  const places = inputPlaces(made).map(({ name, device, region, bytes }) => [name, device, region, bytes]);
  expect(places).toContainEqual(["tokens", "cpu", "inputs", 1024]);
  expect(places).not.toContainEqual(expect.arrayContaining(["tokens", "cpu:1"]));
  expect(places).toContainEqual(["page_table", "cpu:1", "inputs", 4 * 2 * 16]);
  for (const { device, offset, bytes } of inputPlaces(made)) {
    expect(offset + bytes).toBeLessThanOrEqual(regionBytes(made, device).inputs);
  }
});

test("the logits' place is the one that the program writes", () => {
  const [logits] = outputPlaces(variant);
  expect(logits).toMatchObject({
    name: "logits",
    device: "cpu",
    region: "arena",
    offset: node("logits")?.outputs.out?.offset,
  });
});

test("tasks say what they wait for, and copies their symbolic size", () => {
  const tasks = stepTasks(variant);
  expect(tasks.map((task) => (task.kind === "run" ? task.split : task.value))).toEqual([
    "s0",
    "blk.0.residual",
    "s1",
    "blk.1.residual",
    "s2",
  ]);
  expect(tasks.map(({ waits }) => waits)).toEqual([[], [0], [1], [2], [3]]);
  const [, copy] = tasks;
  expect(copy?.kind === "copy" ? printSize(copy.bytes) : "").toBe("256*tokens");
  expect(copy).toMatchObject({
    from: { offset: node("blk.0.residual")?.outputs.out?.offset },
    to: { device: "cpu:1" },
  });
});

test("every operand lies inside its region", () => {
  for (const { device, nodes } of programs) {
    const bytes = regionBytes(made, device);
    for (const each of nodes) {
      for (const { region, offset } of [...Object.values(each.inputs), ...Object.values(each.outputs)]) {
        expect(offset).toBeLessThan(bytes[region]);
      }
    }
  }
});

test("a plan that needs a planned kernel can be read but not run", () => {
  const planned = anyKernel("matmul", { name: "matmul.soon", status: "planned" });
  const later: Plan = plan({
    graph: tinyModel(1),
    ops: coreOps,
    devices: [profile("cpu", { first: [planned] })],
  });
  const [only] = later.variants as [PlanVariant];
  expect(later.warnings).toEqual([expect.objectContaining({ code: "planned-kernel" })]);
  expect(() => splitProgram(later, only, only.splits[0] as (typeof only.splits)[0])).toThrow(
    expect.objectContaining({ code: "plan/planned-kernel", message: expect.stringContaining("matmul.soon") }),
  );
});

test("a step that no variant serves is refused with its sizes", () => {
  expect(planFor(made, { tokensPerSequence: 1, tokens: 1, context: 64, sequences: 1 })).toBe(variant);
  expect(() => planFor(made, { tokensPerSequence: 0, tokens: 0, context: 0, sequences: 0 })).toThrow(
    expect.objectContaining({ code: "plan/no-variant", details: expect.objectContaining({ tokens: 0 }) }),
  );
  expect(limits.sequences).toBe(2);
});
