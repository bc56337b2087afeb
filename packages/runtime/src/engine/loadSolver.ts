import { TensorplanError } from "@tensorplan/ir";
import type { MilpResult, MilpSolver } from "@tensorplan/scheduler";
import loadHighs from "highs";

const VERSION = "highs 1.15.3";

/** What makes a run of the solver the same everywhere: one thread, a fixed seed, no limit of time, and no gap that counts as none. */
const fixed = {
  output_flag: false,
  threads: 1,
  parallel: "off",
  random_seed: 1,
  mip_rel_gap: 0,
  mip_abs_gap: 0,
} as const;

let solver: Promise<MilpSolver> | undefined;

/** The solver of `optimise` rules: HiGHS (Huangfu, Hall 2018) as WebAssembly. Loaded once. */
export const loadSolver = (): Promise<MilpSolver> => {
  solver ??= makeSolver();
  return solver;
};

async function makeSolver(): Promise<MilpSolver> {
  // The package's types describe CommonJS, where the function is a member; imported as a module it is the default itself.
  const load = loadHighs as unknown as (typeof loadHighs)["default"];
  const highs = await load();
  return {
    version: VERSION,
    solve(model, { nodes }): MilpResult {
      const {
        Status: status,
        ObjectiveValue: objective,
        Columns: columns,
      } = highs.solve(model, {
        ...fixed,
        mip_max_nodes: nodes,
      });
      const values = new Map(
        Object.entries(columns).map(([name, column]) => [name, "Primal" in column ? column.Primal : 0]),
      );
      if (status === "Optimal") return { status: "optimal", objective, bound: objective, values };
      if (status === "Infeasible") return { status: "infeasible", objective, bound: objective, values };
      if (!Number.isFinite(objective)) {
        throw new TensorplanError({
          code: "optimise/solver",
          message: `the solver ended without a solution: ${status}`,
          hint: "state store rules, or give the devices more memory",
        });
      }
      // Without the demand for whole numbers the model can only get better.
      const relaxed = highs.solve(model.replace(/^Binary$[\s\S]*/m, "End\n"), fixed);
      return { status: "limit", objective, bound: relaxed.ObjectiveValue, values };
    },
  };
}
