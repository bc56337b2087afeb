import type { Device, TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { type GgufFile, readTensorBytes, requireDType } from "@tensorplan/models";
import type { LoadProgress } from "./options.ts";

/** A file's tensor as backends read it. */
function tensorSource(file: GgufFile, name: string): TensorSource {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) {
    throw new TensorplanError({
      code: "engine/tensor-missing",
      message: `the file has no tensor '${name}', which the plan places`,
      hint: "make the plan from the same file",
    });
  }
  return {
    name,
    dtype: requireDType(tensor),
    shape: tensor.shape,
    bytes: tensor.bytes,
    path: file.paths[tensor.file] as string,
    offset: tensor.offset,
    readRows: (first, count) =>
      readTensorBytes(file, tensor, undefined, { start: first, end: first + count }),
  };
}

/** Loads every weight that the plan places on a device, in the plan's order. */
export async function loadWeights(
  file: GgufFile,
  placed: readonly { readonly device: Device; readonly places: readonly WeightPlace[] }[],
  onProgress: ((progress: LoadProgress) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const total = placed.flatMap(({ places }) => places).reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  onProgress?.({ stage: "weights", done, total });
  for (const { device, places } of placed) {
    for (const place of places) {
      signal?.throwIfAborted();
      await device.loadWeight(place, tensorSource(file, place.source.tensor), signal);
      done += place.bytes;
      onProgress?.({ stage: "weights", done, total });
    }
  }
}
