import { fileURLToPath } from "node:url";
import { planFromJson, planToJson } from "@tensorplan/scheduler";
import { expect, test } from "vitest";
import { goldenCases, goldenPlan } from "./cases.ts";
import { describePlan } from "./describePlan.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** More than this of the least that any layout needs is waste. */
const MOST_OF_LEAST = 1.1;

for (const golden of goldenCases) {
  test(`the plan of ${golden.name} is the one that is kept`, async () => {
    const plan = await goldenPlan(golden, root);
    await expect(describePlan(golden, plan)).toMatchFileSnapshot(`plans/${golden.name}.txt`);
    const text = planToJson(plan);
    expect(planToJson(planFromJson(text)) === text).toBe(true);
    for (const { id, memory } of plan.variants) {
      for (const { device, bytes, lowerBound } of memory) {
        expect(bytes, `${id} on ${device}`).toBeLessThanOrEqual(lowerBound * MOST_OF_LEAST);
      }
    }
  }, 60_000);
}
