import type { MakeExecutor } from "./executor.ts";
import { JsExecutor } from "./jsExecutor.ts";

/** The native executor where its add-on is built, else the one in JavaScript. */
export const createExecutor: MakeExecutor = (devices) => new JsExecutor(devices);
