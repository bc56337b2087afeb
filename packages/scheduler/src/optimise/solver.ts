/** What a solver says of a mixed-integer linear programme. */
export interface MilpResult {
  /** `limit`: it stopped at its limit of nodes with the best solution that it had. */
  readonly status: "optimal" | "limit" | "infeasible";
  readonly objective: number;
  /** No solution can be better than this. */
  readonly bound: number;
  /** By the variable's name. */
  readonly values: ReadonlyMap<string, number>;
}

/**
 * A deterministic solver: one thread, a fixed seed, a limit of nodes and none of time. It is given to `plan`, which can't load one: that
 * takes time and a file.
 */
export interface MilpSolver {
  /** Name and version, which the plan carries. */
  readonly version: string;
  /** @param model text in CPLEX's LP format */
  solve(model: string, options: { readonly nodes: number }): MilpResult;
}
