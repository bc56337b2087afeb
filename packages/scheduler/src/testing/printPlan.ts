import { coreOps } from "@tensorplan/ir";
import { plan } from "../plan/makePlan.ts";
import { planToJson } from "../plan/planJson.ts";
import { profile, rule, tinyModel } from "./fixtures.ts";

/** A plan with several devices, variants and names whose order depends on who sorts them. */
export const samplePlan = (): string =>
  planToJson(
    plan({
      graph: tinyModel(12),
      ops: coreOps,
      devices: [
        profile("cpu", { features: ["ÿ", "I", "ı", "z", "Z", "ä"] }),
        profile("cuda:0"),
        profile("cuda:10"),
      ],
      rules: [
        rule("later layers", { layer: { atLeast: 9 } }, { store: "cuda:10" }),
        rule("middle layers", { layer: { atLeast: 4 } }, { store: "cuda:0" }),
        rule("long prompts", { op: "attention", tokensPerSequence: { atLeast: 32 } }, { lower: "naive" }),
      ],
    }),
  );

// Run by itself, as a child process of the test, it prints the plan.
if (process.argv.includes("--print-plan")) process.stdout.write(samplePlan());
