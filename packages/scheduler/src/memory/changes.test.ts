import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { draftPlan, plan } from "../plan/makePlan.ts";
import type { PlanInput } from "../plan/planInput.ts";
import { profile, rule, tinyModel } from "../testing/fixtures.ts";
import { changesThatFit } from "./changes.ts";
import { bytesOf, overflowsOf } from "./fittingChange.ts";

const onGpus = [
  rule("first half", { layer: { below: 2 } }, { store: "cuda:0" }),
  rule("second half", { layer: { atLeast: 2 } }, { store: "cuda:1" }),
];

/** Four layers on two accelerators, each `short` bytes too small. */
function input(short: Readonly<Record<string, number>>): PlanInput {
  const whole: PlanInput = {
    graph: tinyModel(4),
    ops: coreOps,
    devices: [profile("cpu"), profile("cuda:0"), profile("cuda:1")],
    rules: onGpus,
  };
  const made = draftPlan(whole);
  const budgets = Object.fromEntries(
    Object.entries(short).map(([device, bytes]) => [device, bytesOf(made, device) - bytes]),
  );
  return { ...whole, budgets };
}

test.each([
  ["one byte short", { "cuda:0": 1 }],
  ["a cache short", { "cuda:0": 300_000 }],
  ["most of it short", { "cuda:1": 1_000_000 }],
  ["two devices short", { "cuda:0": 5000, "cuda:1": 200_000 }],
  ["all devices short", { cpu: 100, "cuda:0": 100, "cuda:1": 100 }],
])("each change that is offered makes it fit: %s", (_, short) => {
  const given = input(short);
  expect(() => plan(given)).toThrow(expect.objectContaining({ code: "memory/over-budget" }));
  const changes = changesThatFit(given, draftPlan(given), draftPlan);
  expect(changes.length).toBeGreaterThan(0);
  expect(changes.length).toBeLessThanOrEqual(3);
  for (const { apply, cost, what } of changes) {
    expect(overflowsOf(plan(apply(given))), what).toEqual([]);
    expect(cost).toMatch(/[+-]\d|\d bytes/);
  }
});

test("changes say what they cost in bytes and time, and stand in the error", () => {
  const given = input({ "cuda:0": 5000 });
  const [context] = changesThatFit(given, draftPlan(given), draftPlan);
  expect(context?.what).toMatch(/^let a sequence have \d+ tokens instead of 1024: -c \d+$/);
  expect(context?.cost).toMatch(/^cuda:0 -[\d.]+ KiB, cuda:1 -[\d.]+ KiB; loses \d+ tokens of context$/);
  expect(() => plan(given)).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(
        /^the plan needs .* on cuda:0, 4\.88 KiB more than the .* that it may use$/,
      ),
      hint: expect.stringContaining(`    - ${context?.what} (${context?.cost})`),
    }),
  );
});

test("where nothing smaller will do, more memory still does", () => {
  const given: PlanInput = { ...input({}), budgets: { cpu: 64, "cuda:0": 64, "cuda:1": 64 } };
  const changes = changesThatFit(given, draftPlan(given), draftPlan);
  expect(changes.map(({ what }) => what)).toEqual([
    expect.stringMatching(/^let the plan use .* more of cpu and/),
  ]);
  for (const { apply } of changes) expect(() => plan(apply(given))).not.toThrow();
});
