export { embeddedModelPath } from "./embeddedModelPath.ts";
export { type GgmlType, ggmlRowBytes, ggmlTypeById } from "./gguf/ggmlTypes.ts";
export * from "./gguf/ggufValue.ts";
export { MetadataReader } from "./gguf/metadata.ts";
export { type GgufFile, openGguf, requireDType } from "./gguf/openGguf.ts";
export { type RowRange, readTensorBytes, rowCount } from "./gguf/readTensorBytes.ts";
export type { GgufTensor } from "./gguf/tensorTable.ts";
export { type TensorFill, type TensorToWrite, type WriteGgufOptions, writeGguf } from "./gguf/writeGguf.ts";
