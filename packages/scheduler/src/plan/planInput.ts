import type { DeviceProfile, Link } from "@tensorplan/backend-api";
import type { Graph, OpSet } from "@tensorplan/ir";
import type { MilpSolver } from "../optimise/solver.ts";
import type { Rule, StepDim } from "../rules/rule.ts";

/** All that a plan depends on. */
export interface PlanInput {
  readonly graph: Graph;
  readonly ops: OpSet;
  /** In the user's order: it breaks ties, and the first is where things live if no rule says otherwise. */
  readonly devices: readonly DeviceProfile[];
  readonly links?: readonly Link[];
  /** The user's rules, which stand in front of the defaults; or a plan's own list, defaults and all. Devices may be named as ggml does. */
  readonly rules?: readonly Rule[];
  /** `false`: rules that can't be obeyed give way to the next one, whatever their `else` says. */
  readonly strict?: boolean;
  /** Step sizes at which to try whether something changes, besides those that rules mention. */
  readonly cuts?: Partial<Readonly<Record<StepDim, readonly number[]>>>;
  /** Where each tensor's bytes begin in its file: what `map` rules need. */
  readonly fileOffsets?: ReadonlyMap<string, number>;
  /** Bytes that the plan may use by device; all of the device's memory where nothing is said. */
  readonly budgets?: Readonly<Record<string, number>>;
  /** What an `optimise` rule is solved with. */
  readonly solver?: MilpSolver;
}
