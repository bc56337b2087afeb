export { cpuBackend, cpuBackend as default } from "./backend.ts";
export { kernelRows } from "./kernels/index.ts";
