import type { Device, TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { nowNs } from "../record/nowNs.ts";
import type { RunRecorder } from "../record/runRecorder.ts";
import { convertedSource } from "./convertedSource.ts";

/** A stage of loading and how far it is. */
export interface LoadProgress {
  readonly stage: "weights";
  /** Bytes. */
  readonly done: number;
  readonly total: number;
}

/** Loads every weight that the plan places on a device, in the plan's order. */
export async function loadWeights(
  source: (tensor: string) => TensorSource,
  placed: readonly { readonly device: Device; readonly places: readonly WeightPlace[] }[],
  onProgress: ((progress: LoadProgress) => void) | undefined,
  signal: AbortSignal | undefined,
  recorder?: RunRecorder,
): Promise<void> {
  const total = placed.flatMap(({ places }) => places).reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  onProgress?.({ stage: "weights", done, total });
  for (const { device, places } of placed) {
    for (const place of places) {
      signal?.throwIfAborted();
      const begin = nowNs();
      await device.loadWeight(place, convertedSource(source(place.source.tensor), place), signal);
      recorder?.load({ device: device.id, weight: place.name, bytes: place.bytes, begin, end: nowNs() });
      done += place.bytes;
      onProgress?.({ stage: "weights", done, total });
    }
  }
}
