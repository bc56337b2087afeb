import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TensorSource } from "@tensorplan/backend-api";
import type { HostTensor } from "@tensorplan/ir";
import { align } from "./rowConditions.ts";
import { encodeTensor } from "./tensorBytes.ts";

/** Lends the sources of some weights to `use`: bytes in memory for backends that ask for rows, and in a temporary file for those that map it. */
export async function withWeightFile<T>(
  weights: Readonly<Record<string, HostTensor>>,
  use: (sources: Readonly<Record<string, TensorSource>>) => Promise<T>,
): Promise<T> {
  const names = Object.keys(weights);
  if (names.length === 0) return use({});
  const folder = await mkdtemp(join(tmpdir(), "tensorplan-conformance-"));
  try {
    const path = join(folder, "weights");
    const sources: Record<string, TensorSource> = {};
    const parts: Uint8Array[] = [];
    // Tensors in a file don't start at its beginning.
    let end = 32;
    for (const [name, tensor] of Object.entries(weights)) {
      const bytes = encodeTensor(tensor);
      const rows = tensor.shape.slice(0, -1).reduce((product, n) => product * n, 1);
      const each = bytes.byteLength / rows;
      parts.push(bytes);
      sources[name] = {
        name,
        dtype: tensor.dtype,
        shape: tensor.shape,
        bytes: bytes.byteLength,
        path,
        offset: end,
        readRows: (first, count) => Promise.resolve(bytes.slice(first * each, (first + count) * each)),
      };
      end += align(bytes.byteLength);
    }
    const file = new Uint8Array(end);
    Object.values(sources).forEach(({ offset }, i) => {
      file.set(parts[i] as Uint8Array, offset);
    });
    await writeFile(path, file);
    return await use(sources);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
