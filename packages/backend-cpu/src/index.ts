export { cpuBackend, cpuBackend as default } from "./backend.ts";
export { kernelRows } from "./kernels/index.ts";
export { cpuLayouts } from "./layouts.ts";
