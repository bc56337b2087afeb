export { calibrationFile } from "./calibrate/calibrationFile.ts";
export { type CalibrateOptions, type Calibration, Calibrator } from "./calibrate/calibrator.ts";
export { StepSeries } from "./calibrate/stepSeries.ts";
export { StepTimer } from "./calibrate/stepTimer.ts";
export { type CompareOptions, compareBackends, type NodeDifference } from "./compare/compareBackends.ts";
export { Engine, type PrefillOptions } from "./engine/engine.ts";
export type { OnLogits, SequenceTokens } from "./engine/engineSteps.ts";
export { type GeneratedToken, type GenerateOptions, generate } from "./engine/generate.ts";
export type { EngineOptions, ModelConfiguration, PlanModelOptions } from "./engine/options.ts";
export { type PlannedModel, planModel, preparePlan } from "./engine/planModel.ts";
export { Sequence } from "./engine/sequence.ts";
export { assembleStep } from "./engine/stepInputs.ts";
export { fileSource } from "./execute/fileSource.ts";
export type { LoadProgress } from "./execute/loadWeights.ts";
export type { FoundDevice, MemoryFigure } from "./execute/planExecutor.ts";
export { createExecutor } from "./executor/createExecutor.ts";
export type { Executor, MakeExecutor, Step, StepDescription, StepTask } from "./executor/executor.ts";
export { JsExecutor } from "./executor/jsExecutor.ts";
export { DEVICES_SCHEMA, deviceFileJsonSchema } from "./profiles/deviceFile.ts";
export type { DeviceSet } from "./profiles/deviceSet.ts";
export { readDevices, shippedDevices } from "./profiles/readDevices.ts";
export { chromeTrace, type TraceEvent } from "./record/chromeTrace.ts";
export { expectAsPlanned, type RunDifference } from "./record/differences.ts";
export { RunTrace } from "./record/runTrace.ts";
export type { LedgerRow } from "./record/traffic.ts";
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
