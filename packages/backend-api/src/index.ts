export * from "./backend.ts";
export * from "./device.ts";
export * from "./kernelRow.ts";
export * from "./program.ts";
