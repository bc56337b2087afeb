import {
  estimateStep,
  type Plan,
  type PlanInput,
  phaseStep,
  plan,
  planHash,
  type Rule,
  rulesFromFlags,
  totalBytes,
} from "@tensorplan/scheduler";
import { describe, expect, test } from "vitest";
import { publishedInput as inputOf } from "../testing/publishedInput.ts";
import { loadSolver } from "./loadSolver.ts";

const ruleFor = (objective: string): Rule => ({
  name: "fast",
  origin: { kind: "api" },
  when: {},
  do: { optimise: objective },
  else: "error",
});

const timeOf = (made: Plan, objective: "decode" | "prefill"): number =>
  estimateStep(made, phaseStep(made, objective)).totalNs;

/** The plan of placement flags, or nothing where it doesn't fit. */
function byFlags(input: PlanInput, flags: Parameters<typeof rulesFromFlags>[0]): Plan | undefined {
  try {
    return plan({ ...input, rules: rulesFromFlags(flags, { graph: input.graph, devices: input.devices }) });
  } catch {
    return undefined;
  }
}

describe("an optimise rule", () => {
  test.each([
    ["decode", 4 * 2 ** 30],
    ["prefill", 4 * 2 ** 30],
    ["decode", 2 ** 30],
  ] as const)(
    "for %s is no worse than what people type, within %i bytes",
    async (objective, budget) => {
      const input: PlanInput = {
        ...(await inputOf("deepseek-v2-lite", "rtx4080", { layers: 6 })),
        budgets: { "cuda:0": budget },
        solver: await loadSolver(),
      };
      const made = plan({ ...input, rules: [ruleFor(objective)] });
      const ours = timeOf(made, objective);
      expect(made.optimisation).toMatchObject({ rule: "fast", objective, ns: ours, solver: "highs 1.15.3" });
      for (const device of made.devices) expect(totalBytes(device)).toBeLessThanOrEqual(device.budget);
      const typed = [
        plan(input),
        ...Array.from({ length: 7 }, (_, n) => byFlags(input, { gpuLayers: n + 1 })),
        ...Array.from({ length: 7 }, (_, n) => byFlags(input, { gpuLayers: 99, cpuExpertLayers: n })),
        byFlags(input, { gpuLayers: 99, overrideTensors: ["exps=CPU"] }),
      ].filter((each) => each !== undefined);
      expect(typed.length).toBeGreaterThan(3);
      expect(ours).toBeLessThanOrEqual(Math.min(...typed.map((each) => timeOf(each, objective))));
    },
    120_000,
  );

  test("gives the same plan each time, with bound and runner-up", async () => {
    const input = {
      ...(await inputOf("deepseek-v2-lite", "rtx4080", { layers: 3 })),
      solver: await loadSolver(),
    };
    const made = plan({ ...input, rules: [ruleFor("balanced")] });
    expect(planHash(plan({ ...input, rules: [ruleFor("balanced")] }))).toBe(planHash(made));
    const { linear, runnerUp, ns } = made.optimisation ?? {};
    expect(linear?.boundNs).toBeLessThanOrEqual(linear?.objectiveNs ?? 0);
    expect(runnerUp?.ns).toBeGreaterThanOrEqual(ns ?? 0);
    expect(made.rules.some(({ why }) => why?.startsWith("optimised for balanced: "))).toBe(true);
  }, 120_000);

  test.each([
    ["deepseek-r1", "rtx4080"],
    ["qwen3-30b-a3b", "rtx4080"],
  ])(
    "%s on %s takes no longer than with its experts on the CPU",
    async (arch, devices) => {
      const input = { ...(await inputOf(arch, devices)), solver: await loadSolver() };
      const made = plan({ ...input, rules: [ruleFor("decode")] });
      const typed = byFlags(input, { gpuLayers: 99, overrideTensors: ["exps=CPU"] });
      const best = Math.min(
        ...[plan(input), typed].map((each) => (each === undefined ? Infinity : timeOf(each, "decode"))),
      );
      expect(timeOf(made, "decode")).toBeLessThanOrEqual(best);
    },
    120_000,
  );

  test("equal devices are no burden: deepseek-r1 on 8xh100 is solved to the end, and the solver's choice fits", async () => {
    const input = { ...(await inputOf("deepseek-r1", "8xh100")), solver: await loadSolver() };
    const { optimisation } = plan({ ...input, rules: [ruleFor("decode")] });
    expect(optimisation?.chosen).toBe("the solver's choice");
    expect(optimisation?.linear?.gapPpm).toBeLessThan(100);
  }, 120_000);

  test.each([
    ["optimise/no-solver", [ruleFor("decode")], false],
    ["optimise/objective", [ruleFor("beauty" satisfies string)], true],
    ["optimise/twice", [ruleFor("decode"), { ...ruleFor("prefill"), name: "again" }], true],
    ["optimise/selector", [{ ...ruleFor("decode"), when: { layer: { atLeast: 1 } } }], true],
  ] as const)("is refused with %s", async (code, rules, withSolver) => {
    const input = await inputOf("deepseek-v2-lite", "rtx4080", { layers: 2 });
    const solver = withSolver ? { solver: await loadSolver() } : {};
    expect(() => plan({ ...input, ...solver, rules })).toThrow(expect.objectContaining({ code }));
  });
});
