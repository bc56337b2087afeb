import { createHash } from "node:crypto";
import { canonicalJson } from "@tensorplan/ir";
import { type Box, capabilitiesOf, PLAN_SCHEMA, type Plan, type PlanNode } from "@tensorplan/scheduler";
import type { Emulation } from "../emulate.ts";
import { type GgmlTensor, tensorBytes } from "../graph/tensor.ts";
import { type LlamaMachine, planDevice } from "../machine.ts";
import { ggmlRules } from "./ggmlRules.ts";
import { Distinct, ggmlVariant } from "./ggmlVariant.ts";
import { asDType, Regions, stateResidences, weightResidences } from "./residence.ts";

const any = { from: 1, below: null };

const boxOf = (from: number, below: number | null): Box => ({
  tokensPerSequence: { from, below },
  tokens: any,
  context: any,
  sequences: any,
});

const hashOf = (value: unknown): string => createHash("sha256").update(canonicalJson(value)).digest("hex");

/** Step inputs of a graph. */
const inputsOf = (leaves: readonly GgmlTensor[]): readonly GgmlTensor[] =>
  leaves.filter(({ input }) => input);

/** The emulation as a plan: each node's device with ggml's reason, splits, and every copy with its bytes. */
export function ggmlPlan({ model, gpu, weights, steps, graphs }: Emulation, machine: LlamaMachine): Plan {
  const profiles = [machine.cpu, ...(gpu === undefined || machine.gpu === undefined ? [] : [machine.gpu])];
  const deviceOf = (name: string): string => planDevice(machine, name).id;
  const ids = profiles.map(({ id }) => id as string);
  const nodes = new Distinct<PlanNode>();
  const weightRegions = new Regions();
  const stateRegions = new Regions();
  const inputRegions = new Regions();
  const [first] = steps;
  const leaves = first?.graph.schedule.graph.leaves ?? [];
  const residences = weightResidences(weights, deviceOf, weightRegions);
  const states = stateResidences(first?.graph.schedule.graph.nodes ?? [], deviceOf, stateRegions);
  const widest = steps.at(-1)?.graph.schedule.graph.leaves ?? leaves;
  const inputs = inputsOf(widest).map((tensor) => {
    const bytes = tensorBytes(tensor);
    return {
      name: tensor.name,
      dtype: asDType(tensor.type.name),
      shape: [...tensor.ne].reverse().map(String),
      bytes,
      places: [{ device: machine.cpu.id, offset: inputRegions.take(machine.cpu.id, bytes) }],
    };
  });
  const symbols = {
    tokens: steps.at(-1)?.graph.step.tokens ?? 1,
    context: first?.graph.step.cacheRows ?? 1,
    sequences: 1,
    outputs: 1,
  };
  const variants = steps.map(({ from, below, graph }) =>
    ggmlVariant({
      id: from === 1 ? "decode" : below === null ? "prefill" : `prefill-${from}-${below - 1}`,
      box: boxOf(from, below),
      max: { ...symbols, tokens: graph.step.tokens },
      schedule: graph.schedule,
      deviceOf,
      devices: ids,
      nodes,
    }),
  );
  const links = machine.links.filter(({ between }) => between.every((id) => ids.includes(id)));
  const reserve = graphs.find(({ phase }) => phase === "prefill-reserve");
  return {
    schema: PLAN_SCHEMA,
    graph: { name: `${model.name}, as llama.cpp builds it`, hash: hashOf(nodes.items), symbols, axes: {} },
    capabilities: capabilitiesOf(profiles, links),
    devices: profiles.map(({ id, name, hostMemory, threads, memoryBytes }) => ({
      id,
      backend: "ggml",
      name,
      hostMemory,
      threads,
      maps: false,
      budget: memoryBytes,
      weights: weightRegions.bytes(id),
      mapped: 0,
      states: stateRegions.bytes(id),
      inputs: inputRegions.bytes(id),
      arena: 0,
    })),
    rules: ggmlRules(weights, ids, deviceOf),
    weights: residences,
    states,
    inputs,
    nodes: nodes.items,
    eligibility: [],
    variants,
    fallbacks: [],
    warnings: [
      {
        code: "ggml/work-areas",
        message: "work areas aren't emulated, and ggml's kernels have no estimated times",
        hint: "compare weights, caches, splits and copies; --policy rules knows the rest",
      },
      ...(reserve === undefined
        ? []
        : [
            {
              code: "ggml/reserve",
              message: `the graph that llama.cpp reserves memory with, all of ${reserve.step.tokens} tokens with logits, has ${reserve.schedule.splits.length} splits`,
              hint: "--ggml-dump lists it",
            },
          ]),
    ],
  };
}
