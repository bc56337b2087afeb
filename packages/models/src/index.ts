export { type ChatMessage, chatTemplate, type RenderChatOptions, renderChat } from "./chat/renderChat.ts";
export { attentionScale, type Deepseek2Config, readDeepseek2Config } from "./deepseek2/config.ts";
export { deepseek2, deepseek2Graph } from "./deepseek2/model.ts";
export { convertedTensors } from "./definition/convertedTensors.ts";
export { fileTensors } from "./definition/fileTensors.ts";
export * from "./definition/metadata.ts";
export * from "./definition/model.ts";
export * from "./definition/registry.ts";
export * from "./definition/step.ts";
export * from "./definition/weights.ts";
export { embeddedModelPath } from "./embeddedModelPath.ts";
export { type GgmlType, ggmlRowBytes, ggmlTypeById, ggmlTypeByName } from "./gguf/ggmlTypes.ts";
export * from "./gguf/ggufValue.ts";
export { MetadataReader } from "./gguf/metadata.ts";
export { type GgufFile, openGguf, requireDType } from "./gguf/openGguf.ts";
export { type RowRange, readTensorBytes, rowCount } from "./gguf/readTensorBytes.ts";
export type { GgufTensor } from "./gguf/tensorTable.ts";
export { tensorValues } from "./gguf/tensorValues.ts";
export { type TensorFill, type TensorToWrite, type WriteGgufOptions, writeGguf } from "./gguf/writeGguf.ts";
export { llama } from "./llama/model.ts";
export { EncodePool } from "./quantize/encodePool.ts";
export type { EncodeJob } from "./quantize/encodeRows.ts";
export { type QuantizeOptions, type QuantizeSummary, quantizeFile } from "./quantize/quantizeFile.ts";
export { type QuantizeType, quantizeTypes } from "./quantize/targetType.ts";
export { qwen3 } from "./qwen3/model.ts";
export { qwen3moe } from "./qwen3moe/model.ts";
export { type SynthLayout, type SynthPreset, synthLayouts } from "./synth/preset.ts";
export { synthPreset, synthPresets } from "./synth/presets/all.ts";
export { calibrationPresets } from "./synth/presets/calibration.ts";
export {
  type SynthOptions,
  synthMetadata,
  synthSettings,
  synthTensorTable,
  type WriteSynthOptions,
  writeSynth,
} from "./synth/synthFile.ts";
export type { StreamDecoder } from "./tokenizer/streamDecoder.ts";
export type { DecodeOptions, EncodeOptions, Tokenizer } from "./tokenizer/tokenizer.ts";
export { tokenizerFromGguf } from "./tokenizer/tokenizerFromGguf.ts";
