import type { Device } from "@tensorplan/backend-api";
import { sizeSymbols, TensorplanError } from "@tensorplan/ir";
import type { StepDescription, StepTask } from "./executor.ts";

const devicesOf = (task: StepTask): readonly number[] =>
  task.kind === "run" ? [task.device] : [task.from.device, task.to.device];

const symbolsOf = (task: StepTask): readonly string[] =>
  task.kind === "run" ? task.symbols : sizeSymbols(task.bytes);

/** @throws TensorplanError `step/malformed` for a task that names a device, task or symbol that isn't there. */
export function checkStep({ tasks, symbols }: StepDescription, devices: readonly Device[]): void {
  const known = new Set(symbols);
  tasks.forEach((task, index) => {
    const refuse = (what: string): never => {
      throw new TensorplanError({ code: "step/malformed", message: `task ${index} of the step ${what}` });
    };
    for (const device of devicesOf(task)) {
      if (devices[device] === undefined) refuse(`names device ${device}; there are ${devices.length}`);
    }
    for (const wait of task.waits) {
      if (!Number.isInteger(wait) || wait < 0 || wait >= index)
        refuse(`waits for task ${wait}, which isn't an earlier one`);
    }
    for (const symbol of symbolsOf(task)) {
      if (!known.has(symbol)) refuse(`uses the symbol '${symbol}', which the step doesn't have`);
    }
  });
}

/** @throws TensorplanError `step/malformed` unless there is a whole number for each symbol. */
export function checkSymbols(names: readonly string[], values: readonly number[]): void {
  if (names.length === values.length && values.every((value) => Number.isSafeInteger(value) && value >= 0))
    return;
  throw new TensorplanError({
    code: "step/malformed",
    message: `a step needs a whole number for each of ${names.join(", ")}, not (${values.join(", ")})`,
  });
}
