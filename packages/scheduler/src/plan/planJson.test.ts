import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { anyKernel, profile, rule, tinyModel } from "../testing/fixtures.ts";
import { plan } from "./makePlan.ts";
import type { PlanVariant } from "./plan.ts";
import { planFromJson, planHash, planToJson } from "./planJson.ts";
import { splitProgram } from "./splitProgram.ts";

const graph = tinyModel(1);
const input = { graph, ops: coreOps, devices: [profile("cpu"), profile("cuda:0")] };
const made = plan(input);

test("a plan survives being written and read, to the byte, and can still be compiled", () => {
  const again = planFromJson(planToJson(made));
  expect(planToJson(again)).toBe(planToJson(made));
  const programsOf = ({ variants }: typeof made) => (variants as readonly [PlanVariant])[0];
  const [ours, theirs] = [programsOf(made), programsOf(again)];
  expect(splitProgram(again, theirs, theirs.splits[0] as never)).toEqual(
    splitProgram(made, ours, ours.splits[0] as never),
  );
});

test("the hash changes with graph, rules and what devices can do, and with nothing else", () => {
  expect(planHash(plan(input))).toBe(planHash(made));
  expect(planHash(plan({ ...input, graph: tinyModel(2) }))).not.toBe(planHash(made));
  expect(planHash(plan({ ...input, rules: [rule("all", {}, { store: "cpu" })] }))).not.toBe(planHash(made));
  const more = profile("cpu", { first: [anyKernel("matmul", { name: "matmul.new", requires: ["amx"] })] });
  expect(planHash(plan({ ...input, devices: [more, profile("cuda:0")] }))).not.toBe(planHash(made));
});

test.each([
  ["plan/file", "{"],
  ["plan/file", "[]"],
  ["plan/schema", '{"schema":"tensorplan.plan/9"}'],
  ["plan/schema", "{}"],
  ["plan/file", '{"schema":"tensorplan.plan/1","graph":{}}'],
])("refuses with %s: %s", (code, text) => {
  expect(() => planFromJson(text)).toThrow(expect.objectContaining({ code }));
});
