import { type DeviceProfile, FILE_MAPS } from "@tensorplan/backend-api";
import { type Graph, graphHash, TensorplanError } from "@tensorplan/ir";
import { checkBudgets } from "../memory/budget.ts";
import { layOutInputs } from "../memory/stepInputs.ts";
import { optimise } from "../optimise/optimise.ts";
import { layoutWish } from "../residence/heldLayouts.ts";
import { findHomes } from "../residence/homes.ts";
import { layOutResidence } from "../residence/residence.ts";
import { type RuleBook, ruleBook } from "../rules/ruleBook.ts";
import { shard } from "../shard/shard.ts";
import { Verdicts } from "../verdicts/verdicts.ts";
import { assembleVariant } from "./assembleVariant.ts";
import { withBreakEvens } from "./breakEven.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { type Decided, decideVariants } from "./decideVariants.ts";
import { effectiveRules } from "./effectiveRules.ts";
import { checkIdleRules } from "./idleRules.ts";
import { PLAN_SCHEMA, type Plan, type PlanDevice, type PlanWarning } from "./plan.ts";
import type { PlanInput } from "./planInput.ts";
import { PlanParts } from "./planParts.ts";
import { inputReaders, weightUses } from "./uses.ts";
import { cacheTypeMoves } from "./warnings/cacheTypeMoves.ts";
import { flagsWithoutEffect } from "./warnings/flagsWithoutEffect.ts";
import { usualTables } from "./warnings/usualTables.ts";
import { collectWarnings, countFallbacks } from "./warnings.ts";

function checkDevices(devices: readonly DeviceProfile[]): void {
  const ids = new Set<string>();
  for (const { id } of devices) {
    if (ids.has(id)) {
      throw new TensorplanError({
        code: "plan/duplicate-device",
        message: `two devices are called '${id}'`,
        hint: "give each profile an id of its own",
      });
    }
    ids.add(id);
  }
}

/** Axes of the graph and of all lowerings. */
function allAxes(graph: Graph, variants: readonly Decided[]): Readonly<Record<string, string>> {
  const axes: Record<string, string> = {};
  const graphs = [graph, ...variants.map(({ table }) => table.view.graph)];
  for (const [name, text] of graphs.flatMap((each) => Object.entries(each.axes))) {
    if (axes[name] !== undefined && axes[name] !== text) {
      throw new TensorplanError({
        code: "graph/axis-conflict",
        message: `lowerings use the axis '${name}' with the sizes ${axes[name]} and ${text}`,
        hint: "give axes that a lowering declares names of their own",
      });
    }
    axes[name] = text;
  }
  return axes;
}

/** What the caches' type does to attention, against the usual one. */
function cacheWarnings(
  input: PlanInput,
  book: RuleBook,
  variants: readonly Decided[],
): readonly PlanWarning[] {
  const types = [...new Set(input.graph.states.map(({ dtype }) => dtype))];
  const devices = input.devices.map(({ id }) => id);
  const tables = variants.map(({ table }) => table);
  return cacheTypeMoves(types, devices, tables, usualTables(input, book, variants));
}

/**
 * Decides where every weight and cache lives and every node runs, by the rules in their order, and lays out splits, copies and memory
 * to the byte. A pure function: equal input gives equal plans on every machine.
 *
 * @throws TensorplanError with the rule and the node that can't be satisfied, or the device that is too small
 */
export const plan = (input: PlanInput): Plan =>
  input.rules?.some((rule) => "optimise" in rule.do) === true
    ? optimise(input, planByRules)
    : planByRules(input);

function planByRules(input: PlanInput): Plan {
  const made = draftPlan(input);
  checkBudgets(made, input, draftPlan);
  return made;
}

/**
 * A plan whose devices may be too small: for those who compare many.
 *
 * @throws TensorplanError as `plan`, except for the size of devices
 */
export function draftPlan(given: PlanInput): Plan {
  const settled = withBreakEvens(given, draftPlan);
  const { ops, devices, links = [] } = settled;
  checkDevices(devices);
  const ids = devices.map(({ id }) => id);
  const { graph, rules, idle: uncut } = shard(settled.graph, ops, effectiveRules(settled), ids);
  const input = { ...settled, graph };
  const book = ruleBook(rules);
  const homes = findHomes(graph, devices, book, input.fileOffsets);
  const verdicts = new Verdicts(devices, layoutWish(graph, devices, homes, book));
  const { variants, asked } = decideVariants({ input, devices, book, homes, verdicts });
  const tables = variants.map(({ table }) => table);
  const residence = layOutResidence(graph, devices, homes, weightUses(tables, homes));
  const inputs = layOutInputs(graph, inputReaders(tables), devices.length);

  const parts = new PlanParts(ops, devices, verdicts);
  const planVariants = variants.map((variant) =>
    assembleVariant({ ...variant, parts, book, devices, residence, inputs: inputs.inputs }),
  );
  const planDevices = devices.map(
    ({ id, backend, name, hostMemory, threads, memoryBytes, features }, index): PlanDevice => {
      const arena = Math.max(0, ...planVariants.map(({ memory }) => memory[index]?.bytes ?? 0));
      return {
        id,
        backend,
        name,
        hostMemory,
        threads,
        maps: features.includes(FILE_MAPS),
        budget: input.budgets?.[id] ?? memoryBytes,
        weights: residence.weightBytes[index] as number,
        mapped: residence.mappedBytes[index] as number,
        states: residence.stateBytes[index] as number,
        inputs: inputs.bytes[index] as number,
        arena,
      };
    },
  );
  const idle = checkIdleRules({ book, devices, homes, residence, asked, variants: planVariants });
  const made: Plan = {
    schema: PLAN_SCHEMA,
    graph: {
      name: graph.name,
      hash: graphHash(given.graph),
      symbols: graph.symbols,
      axes: allAxes(graph, variants),
    },
    capabilities: capabilitiesOf(devices, links),
    devices: planDevices,
    rules,
    weights: residence.weights,
    states: residence.states,
    inputs: inputs.inputs.map(({ places, ...rest }) => ({
      ...rest,
      places: places.map(({ device, offset }) => ({ device: (devices[device] as DeviceProfile).id, offset })),
    })),
    nodes: parts.nodes.nodes,
    eligibility: parts.eligibility.items,
    variants: planVariants,
    fallbacks: countFallbacks(rules, planVariants),
    warnings: [],
  };
  const more = [...flagsWithoutEffect(book, homes, devices), ...cacheWarnings(input, book, variants)];
  return { ...made, warnings: collectWarnings(made, [...uncut, ...idle], more) };
}
