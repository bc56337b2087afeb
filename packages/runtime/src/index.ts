export { Engine, type PrefillOptions } from "./engine/engine.ts";
export type { OnLogits, SequenceTokens } from "./engine/engineSteps.ts";
export { type GeneratedToken, type GenerateOptions, generate } from "./engine/generate.ts";
export type { EngineOptions, LoadProgress, PlanModelOptions } from "./engine/options.ts";
export { type PlannedModel, planModel } from "./engine/planModel.ts";
export type { MemoryFigure } from "./engine/planRunner.ts";
export { Sequence } from "./engine/sequence.ts";
export { parseLogitBias, parseSamplerOrder } from "./sampling/parseSamplerFlags.ts";
export {
  type Candidate,
  createSampler,
  type SampleInputs,
  SamplerChain,
} from "./sampling/samplerChain.ts";
export type { SamplerErrorCode } from "./sampling/samplerError.ts";
export { type SamplerName, samplerNames } from "./sampling/samplerNames.ts";
export {
  type LogitBias,
  type ResolvedSamplerOptions,
  type SamplerOption,
  type SamplerOptions,
  samplerDefaults,
  samplerFlags,
} from "./sampling/samplerOptions.ts";
export { validateSamplerOptions } from "./sampling/validateOptions.ts";
