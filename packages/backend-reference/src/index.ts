export { createReferenceBackend, referenceBackend, referenceBackend as default } from "./backend.ts";
export { transformWeight, type WeightSink } from "./transformWeight.ts";
