export { formatGgmlDump } from "./dump.ts";
export { type Emulation, emulateLlama } from "./emulate.ts";
export { type FileTensor, type LlamaModel, llamaModel } from "./llama/modelFile.ts";
export { llamaPreset } from "./llama/presetModel.ts";
export type { LlamaFlags } from "./llama/settings.ts";
export { type LlamaMachine, llamaMachine } from "./machine.ts";
export { ggmlPlan } from "./plan/ggmlPlan.ts";
