import { type Device, regionNames } from "@tensorplan/backend-api";
import type { Size } from "@tensorplan/ir";
import { match } from "ts-pattern";
import type { Place, StepDescription } from "./executor.ts";
import type { NativePlace, NativeTask } from "./nativeAddon.ts";

/** A checked step as the add-on compiles it: symbols become indexes, programs become handles. */
export function nativeTasks(
  { tasks, symbols }: StepDescription,
  devices: readonly Device[],
): readonly NativeTask[] {
  const indexOf = (symbol: string): number => symbols.indexOf(symbol);
  const place = ({ device, region, offset }: Place): NativePlace => ({
    device,
    region: regionNames.indexOf(region),
    offset,
  });
  const terms = (size: Size) => size.map((term) => [term.coefficient, ...term.symbols.map(indexOf)]);
  return tasks.map(
    (task): NativeTask =>
      match(task)
        .with({ kind: "run" }, (run) => ({
          device: run.device,
          program: devices[run.device]?.native === undefined ? null : (run.program.native ?? null),
          symbols: run.symbols.map(indexOf),
          waits: run.waits,
        }))
        .with({ kind: "copy" }, (copy) => ({
          value: copy.value,
          from: place(copy.from),
          to: place(copy.to),
          bytes: terms(copy.bytes),
          waits: copy.waits,
          stream: copy.stream === true,
        }))
        .exhaustive(),
  );
}
