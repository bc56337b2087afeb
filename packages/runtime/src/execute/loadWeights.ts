import { availableParallelism } from "node:os";
import type { Device, TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { EncodePool } from "@tensorplan/models";
import { nowNs } from "../record/nowNs.ts";
import type { RunRecorder } from "../record/runRecorder.ts";
import { convertedSource } from "./convertedSource.ts";

/** Weights that are converted faster than threads start. */
const FEW_BYTES = 16 * 2 ** 20;

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
  let pool: EncodePool | undefined;
  const converters = () => {
    pool ??= new EncodePool(total < FEW_BYTES ? 1 : availableParallelism());
    return pool;
  };
  try {
    for (const { device, places } of placed) {
      for (const place of places) {
        signal?.throwIfAborted();
        const begin = nowNs();
        const tensor = convertedSource(source(place.source.tensor), place, converters);
        await device.loadWeight(place, tensor, signal);
        recorder?.load({ device: device.id, weight: place.name, bytes: place.bytes, begin, end: nowNs() });
        done += place.bytes;
        onProgress?.({ stage: "weights", done, total });
      }
    }
  } finally {
    await pool?.close();
  }
}
