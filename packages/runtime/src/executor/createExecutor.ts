import type { MakeExecutor } from "./executor.ts";
import { JsExecutor } from "./jsExecutor.ts";
import { loadExecutorAddon } from "./nativeAddon.ts";
import { NativeExecutor } from "./nativeExecutor.ts";

/** The native executor where its add-on is built, else the one in JavaScript. */
export const createExecutor: MakeExecutor = (devices) => {
  const addon = loadExecutorAddon();
  return addon === null ? new JsExecutor(devices) : new NativeExecutor(addon, devices);
};
