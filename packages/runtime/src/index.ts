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
