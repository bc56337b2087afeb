import {
  type CodecDType,
  coreOps,
  defaultPasses,
  type Graph,
  type OpSet,
  PAGE_ROWS,
  type PassRecord,
  resolveShape,
  runPasses,
  TensorplanError,
} from "@tensorplan/ir";
import {
  type CacheDType,
  convertedTensors,
  embeddedModelPath,
  fileTensors,
  type GgufFile,
  type GraphSwitch,
  type Model,
  modelDefinitions,
  openGguf,
  pagesFor,
  readModel,
  type StepLimits,
} from "@tensorplan/models";
import {
  type LoweringFlags,
  loweringRules,
  mlaCrossovers,
  type Objective,
  type Plan,
  type PlanInput,
  plan,
  type Rule,
  rulesFromFlags,
} from "@tensorplan/scheduler";
import { type FoundDevices, findDevices } from "./backends.ts";
import { graphSwitches } from "./graphSwitches.ts";
import { loadSolver } from "./loadSolver.ts";
import type { ModelConfiguration, PlanModelOptions } from "./options.ts";

/** A model with its plan. No weight has been read. */
export interface PlannedModel {
  /** Absent where a configuration was planned. */
  readonly file: GgufFile | undefined;
  readonly model: Model;
  /** After the passes. */
  readonly graph: Graph;
  readonly ops: OpSet;
  readonly passes: readonly PassRecord[];
  /** What the plan was made of: to make another one with a change. */
  readonly input: PlanInput;
  readonly plan: Plan;
  /** Absent where profiles were planned for, and no device was looked for. */
  readonly found: FoundDevices | undefined;
  /** Where to look for devices when the plan is to run and none was looked for. */
  readonly probing: Pick<PlanModelOptions, "backend" | "backends">;
  readonly limits: StepLimits;
}

const DEFAULT_CONTEXT = 4096;
const DEFAULT_MICRO_BATCH = 512;

const countOption = (flag: string, value: number | undefined, otherwise: number): number => {
  if (value === undefined) return otherwise;
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new TensorplanError({
    code: "engine/option-range",
    message: `${flag} is ${value}; it must be a whole number from 1`,
    hint: `leave it out to use ${otherwise}`,
  });
};

/** The largest step that the options allow. */
function stepLimits(options: PlanModelOptions, model: Model): StepLimits {
  const trained = Math.max(1, model.shape.trainedContext);
  const context = countOption(
    "the context length",
    options.contextLength,
    Math.min(trained, DEFAULT_CONTEXT),
  );
  const sequences = countOption("the number of sequences", options.sequences, 1);
  const microBatch = countOption(
    "the micro-batch",
    options.microBatch,
    Math.min(DEFAULT_MICRO_BATCH, context),
  );
  const tokens = Math.max(microBatch, sequences);
  const outputs = Math.min(tokens, countOption("the number of outputs", options.maxOutputs, sequences));
  return { tokens, outputs, sequences, context, slots: sequences * pagesFor(context) * PAGE_ROWS };
}

/** Caches up to this size are kept exact where the user doesn't say otherwise: rounding them would save nothing that counts. */
const EXACT_CACHE_BYTES = 64 * 2 ** 20;

/** The model's graph with the cache type asked for; without one: f32 while the caches are small, else f16. */
function writeGraph(
  model: Model,
  limits: StepLimits,
  cacheDType: CacheDType | undefined,
  switches: ReadonlySet<GraphSwitch>,
): Graph {
  const graph = model.graph({ limits, cacheDType: cacheDType ?? "f32", switches });
  if (cacheDType !== undefined) return graph;
  const bytes = graph.states.reduce(
    (sum, state) => sum + 4 * resolveShape(graph, state, graph.symbols).reduce((n, size) => n * size, 1),
    0,
  );
  return bytes <= EXACT_CACHE_BYTES ? graph : model.graph({ limits, cacheDType: "f16", switches });
}

/** What a model is read from. */
interface Header extends ModelConfiguration {
  readonly file: GgufFile | undefined;
}

async function readHeader(model: PlanModelOptions["model"]): Promise<Header> {
  if (typeof model === "object") return { ...model, file: undefined };
  const file = await openGguf(model ?? embeddedModelPath());
  return { file, metadata: file.metadata, tensors: fileTensors(file) };
}

/** An option that changes nothing is a mistake. @throws TensorplanError `engine/nothing-to-convert` */
function requireConversion(graph: Graph, to: CodecDType): void {
  if (graph.weights.some(({ source }) => source.storedAs !== undefined)) return;
  throw new TensorplanError({
    code: "engine/nothing-to-convert",
    message: `weights are to be converted to ${to}, and every weight is of a type that can be computed with as it is`,
    hint: "leave --weights-as (convertWeights) out",
  });
}

/** Flags come behind the user's rules, and in front of the defaults where those are in the list too. */
function behindFiles(rules: readonly Rule[], flagRules: readonly Rule[]): readonly Rule[] {
  const defaults = rules.findIndex(({ origin }) => origin.kind === "default");
  return rules.toSpliced(defaults < 0 ? rules.length : defaults, 0, ...flagRules);
}

/** The rule that `--optimise` makes; it stands behind all others of the user's. */
const optimiseRules = (objective: Objective | undefined): readonly Rule[] =>
  objective === undefined
    ? []
    : [
        {
          name: "optimise",
          origin: { kind: "flag", text: `--optimise ${objective}` },
          when: {},
          do: { optimise: objective },
          else: "error",
        },
      ];

/** The lower rules of flags; what `-mla auto` goes by is estimated for the plan without it. */
function loweringRulesOf(
  { mla, ...others }: LoweringFlags,
  graph: Graph,
  withRules: (more: readonly Rule[]) => PlanInput,
): readonly Rule[] {
  const estimated =
    mla === "auto" &&
    others.flashAttention?.prefill !== false &&
    graph.nodes.some(({ op }) => op === "mla_attention");
  const crossovers = estimated ? mlaCrossovers(withRules(loweringRules(others, graph))) : [];
  return loweringRules(mla === undefined ? others : { ...others, mla }, graph, crossovers);
}

/**
 * Opens a file (or takes a configuration), writes its model down as a graph, runs the passes, and plans. Reads the file's header only.
 * @throws TensorplanError for anything wrong with file, options, devices or rules
 */
export async function planModel(options: PlanModelOptions = {}): Promise<PlannedModel> {
  const prepared = await preparePlan(options);
  return { ...prepared, plan: plan(prepared.input) };
}

/**
 * All of `planModel` but the planning: what the plan would be made of, to be changed before.
 * @throws TensorplanError for anything wrong with file, options or devices
 */
export async function preparePlan(options: PlanModelOptions = {}): Promise<Omit<PlannedModel, "plan">> {
  const [{ file, metadata, tensors: stored }, found] = await Promise.all([
    readHeader(options.model),
    options.devices === undefined ? findDevices(options) : undefined,
  ]);
  const tensors =
    options.convertWeights === undefined ? stored : convertedTensors(stored, options.convertWeights);
  const model = readModel(metadata, tensors, options.definitions ?? modelDefinitions);
  const limits = stepLimits(options, model);
  const ops = options.ops ?? coreOps;
  const written = writeGraph(model, limits, options.cacheDType, graphSwitches(model, options));
  if (options.convertWeights !== undefined) requireConversion(written, options.convertWeights);
  const { graph, records } = runPasses(written, ops, defaultPasses);
  const devices = options.devices ?? found?.devices.map(({ profile }) => profile) ?? [];
  const flagRules = rulesFromFlags(options.placement ?? {}, { graph, devices });
  const base: Omit<PlanInput, "rules"> = {
    graph,
    ops,
    devices,
    ...(options.links === undefined ? {} : { links: options.links }),
    ...(options.strict === undefined ? {} : { strict: options.strict }),
    ...(file === undefined
      ? {}
      : { fileOffsets: new Map([...file.tensors.values()].map(({ name, offset }) => [name, offset])) }),
    ...(options.budgets === undefined ? {} : { budgets: options.budgets }),
  };
  const withRules = (more: readonly Rule[]): PlanInput => ({
    ...base,
    rules: behindFiles(options.rules ?? [], [...flagRules, ...more]),
  });
  const lowering = loweringRulesOf(options.lowering ?? {}, graph, withRules);
  const input = withRules([...lowering, ...optimiseRules(options.optimise)]);
  const optimises = input.rules?.some((rule) => "optimise" in rule.do) === true;
  return {
    file,
    model,
    graph,
    ops,
    passes: records,
    found,
    probing: { backend: options.backend, backends: options.backends },
    limits,
    input: optimises ? { ...input, solver: await loadSolver() } : input,
  };
}
