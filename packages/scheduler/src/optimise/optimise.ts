import type { DeviceProfile } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { formatTime } from "../explain/quantities.ts";
import type { Plan, PlanOptimisation } from "../plan/plan.ts";
import type { PlanInput } from "../plan/planInput.ts";
import type { Rule } from "../rules/rule.ts";
import { baselines } from "./baselines.ts";
import { type Chain, chainNs, makeChain } from "./chain.ts";
import { type Choice, rulesOf } from "./choices.ts";
import { type SolvedChain, solveChain } from "./milp.ts";
import { objectiveNs, readObjective } from "./objective.ts";
import { dealOut, pooledRoom, poolTwins, twinsOf } from "./pool.ts";

type MakePlan = (input: PlanInput) => Plan;

/** How often the solver is asked again with less room, because a real plan needed more for its work areas. */
const MOST_TRIES = 4;

interface Candidate {
  readonly name: string;
  readonly ns: number;
  readonly plan: Plan;
}

const isOverBudget = (error: unknown): error is TensorplanError =>
  error instanceof TensorplanError && error.code === "memory/over-budget";

/**
 * Obeys an `optimise` rule: weights and caches are stored so that a step takes least by the cost model, within the devices' memory. The
 * choice over groups of tensors (a kind of a layer) is solved as a linear model of kernels and copies; its best choice and those that
 * people make by hand are planned and estimated in full, and the fastest is taken. Its store rules stand in place of the rule.
 *
 * @throws TensorplanError `optimise/no-solver`, `optimise/objective`, `optimise/selector`, `optimise/shard`, `optimise/twice`, `memory/over-budget`
 */
export function optimise(input: PlanInput, makePlan: MakePlan): Plan {
  const rules = input.rules ?? [];
  const at = rules.findIndex((rule) => "optimise" in rule.do);
  const rule = rules[at] as Rule & { readonly do: { readonly optimise: string } };
  checkRule(rule, rules);
  const { solver, devices } = input;
  if (solver === undefined) {
    throw new TensorplanError({
      code: "optimise/no-solver",
      message: `rule '${rule.name}' needs a solver, and none was given`,
      hint: "pass the solver that loadSolver() of @tensorplan/runtime gives as PlanInput.solver",
    });
  }
  const objective = readObjective(rule.do.optimise);
  const ids = devices.map(({ id }) => id as string);
  const budgets = devices.map(({ id, memoryBytes }) => input.budgets?.[id] ?? memoryBytes);
  const before = rules.slice(0, at);
  const after = rules.slice(at + 1);
  const planOf = (own: readonly Rule[], more: Partial<PlanInput> = {}) =>
    makePlan({ ...input, rules: [...before, ...own, ...after], ...more });

  const twins = twinsOf(devices);
  const whole = wholePlans(devices, twins, (device, budget) =>
    planOf([storeAll(rule.name, ids[device] as string)], { budgets: budget }),
  );
  const chain = makeChain(whole, objective, budgets);
  let solved: SolvedChain | undefined;
  const tryChoice = (name: string, choice: Choice): Candidate => {
    const sure =
      solved === undefined
        ? ""
        : `, where none takes less than ${formatTime(solved.bound)} (gap ${(gapPpm(solved) / 1e4).toFixed(2)} %)`;
    const time = formatTime(chainNs(chain, choice));
    const why = `optimised for ${objective}: ${name}, ${time} by the linear model${sure}`;
    const plan = planOf(rulesOf(rule.name, choice, chain.groups, ids, why));
    return { name, ns: objectiveNs(plan, objective), plan };
  };

  const pooled = poolTwins(chain, twins);
  const solve = (room: readonly number[]) => {
    solved = solveChain(pooled, room, solver);
    return solved;
  };
  const candidate = solveWithin({ chain, twins, devices: ids, solve, tryChoice });
  const candidates = candidate === undefined ? [] : [candidate];
  let refusal: unknown;
  for (const { name, choice } of baselines(chain)) {
    try {
      candidates.push(tryChoice(name, choice));
    } catch (error) {
      if (!isOverBudget(error)) throw error;
      refusal = error;
    }
  }
  // The sort is stable: of equal candidates the solver's stays in front.
  const [best, second] = [...candidates].sort((a, b) => a.ns - b.ns);
  if (best === undefined) throw refusal;
  const optimisation: PlanOptimisation = {
    rule: rule.name,
    objective,
    ns: best.ns,
    chosen: best.name,
    runnerUp: second === undefined ? null : { name: second.name, ns: second.ns },
    linear: linearOf(solved),
    solver: solver.version,
  };
  return { ...best.plan, optimisation };
}

const linearOf = (solved: SolvedChain | undefined): PlanOptimisation["linear"] =>
  solved === undefined
    ? null
    : { objectiveNs: solved.objective, boundNs: solved.bound, gapPpm: gapPpm(solved) };

/** Millionths by which the best choice may be above the least. */
const gapPpm = ({ objective, bound }: SolvedChain): number =>
  objective <= 0 ? 0 : Math.max(0, Math.round(((objective - bound) * 1e6) / objective));

function checkRule(rule: Rule, rules: readonly Rule[]): void {
  const refuse = (code: string, message: string, hint: string): never => {
    throw new TensorplanError({ code, message, hint });
  };
  if (rules.filter(({ do: action }) => "optimise" in action).length > 1) {
    refuse("optimise/twice", "there are two optimise rules", "keep one: it decides for everything behind it");
  }
  const sharded = rules.find(({ do: action }) => "shard" in action);
  if (sharded !== undefined) {
    refuse(
      "optimise/shard",
      `rule '${rule.name}' chooses where whole weights live, but rule '${sharded.name}' cuts some`,
      "use one of the two, or store rules for all that isn't cut",
    );
  }
  if (Object.keys(rule.when).length > 0) {
    refuse(
      "optimise/selector",
      `rule '${rule.name}' optimises a part only, which this version can't do`,
      "leave its selector empty, and put store rules for what is settled in front of it",
    );
  }
}

const storeAll = (name: string, device: string): Rule => ({
  name: `${name}: everything on ${device}`,
  origin: { kind: "api" },
  when: {},
  do: { store: device },
  else: "error",
  optional: true,
});

/** A plan for each device that keeps everything there, whatever its memory. Devices that are alike share one. */
function wholePlans(
  devices: readonly DeviceProfile[],
  twins: readonly (readonly number[])[],
  planOn: (device: number, budgets: Readonly<Record<string, number>>) => Plan,
): readonly Plan[] {
  const unlimited = Object.fromEntries(devices.map(({ id }) => [id, Number.MAX_SAFE_INTEGER]));
  const plans: Plan[] = [];
  for (const members of twins) {
    const [first = 0, ...others] = members;
    const plan = planOn(first, unlimited);
    plans[first] = plan;
    for (const other of others)
      plans[other] = renamed(plan, devices[first]?.id ?? "", devices[other]?.id ?? "");
  }
  return plans;
}

/** The plan of a twin device, with the two devices' names exchanged. */
function renamed(plan: Plan, from: string, to: string): Plan {
  const swap = (id: string) => (id === from ? to : id === to ? from : id);
  const devices = plan.devices.map(
    ({ id }) => plan.devices.find((each) => each.id === swap(id)) ?? plan.devices[0],
  );
  return {
    ...plan,
    devices: plan.devices.map((device, i) => ({ ...(devices[i] as Plan["devices"][number]), id: device.id })),
    weights: plan.weights.map((weight) => ({
      ...weight,
      copies: weight.copies.map((copy) => ({ ...copy, device: swap(copy.device) })),
    })),
    states: plan.states.map((state) => ({ ...state, device: swap(state.device) })),
  };
}

interface Search {
  readonly chain: Chain;
  readonly twins: readonly (readonly number[])[];
  readonly devices: readonly string[];
  readonly solve: (room: readonly number[]) => SolvedChain | undefined;
  readonly tryChoice: (name: string, choice: Choice) => Candidate;
}

/**
 * Solves, deals out to equal devices, plans, and solves again with less room where a work area turned out larger than was thought or
 * what was left over on each of the equal devices was too small for a whole layer.
 */
function solveWithin({ chain, twins, devices, solve, tryChoice }: Search): Candidate | undefined {
  const room = [...chain.room];
  // What can't be used of a kind's room because it lies in pieces on several devices.
  const pieces = twins.map(() => 0);
  for (let planned = 0, solves = 0; planned < MOST_TRIES && solves < 2 * MOST_TRIES; solves++) {
    const solved = solve(pooledRoom(room, twins).map((bytes, kind) => bytes - (pieces[kind] ?? 0)));
    if (solved === undefined) return undefined;
    const dealt = dealOut(solved.choice, chain, room, twins);
    if ("over" in dealt) {
      pieces[dealt.kind] = (pieces[dealt.kind] ?? 0) + dealt.over;
      continue;
    }
    planned++;
    try {
      return tryChoice("the solver's choice", dealt.choice);
    } catch (error) {
      if (!isOverBudget(error)) throw error;
      const device = devices.indexOf(String(error.details?.device));
      const alike = twins.find((members) => members.includes(device));
      if (alike === undefined) return undefined;
      for (const each of alike) room[each] = (room[each] as number) - Number(error.details?.over ?? 0);
    }
  }
  return undefined;
}
