import { type DType, dtypes, rowBytes } from "@tensorplan/ir";
import { openGguf, readTensorBytes, rowCount, type TensorToWrite, writeGguf } from "@tensorplan/models";
import { referenceFile } from "../engine/support.ts";
import { COLUMNS, ROWS, type Vector } from "./vectors.ts";

/** A matrix of a vector's own bytes over and over: rows of whole blocks, cut off after `columns`. */
function tiled({ type, packed }: Vector, rows: number, columns: number): Uint8Array {
  const { rowPrefix = 0, rowsTogether = 1 } = dtypes[type];
  const width = rowBytes(type, columns);
  const stored = rowBytes(type, COLUMNS);
  const out = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row += rowsTogether) {
    const from = (row % ROWS) * stored;
    // In front of blocks stand the prefixes of all rows of a group; shorter rows have fewer blocks behind them.
    out.set(packed.subarray(from, from + rowsTogether * width), row * width);
    if (rowPrefix > 0) out.set(packed.subarray(from, from + rowsTogether * rowPrefix), row * width);
  }
  return out;
}

export interface TypedModels {
  /** The small Llama model with all matrices in the vector's type. */
  readonly stored: string;
  /** The same values in f32 and as the reference encoder of q8_0 writes them. */
  readonly f32: string;
  readonly q8_0: string;
}

/** Writes a model whose matrices are of the vector's type, and the same model in types that every backend computes with. */
export async function writeTypedModels(vector: Vector, folder: string): Promise<TypedModels> {
  const source = await openGguf(referenceFile("rand-llama.gguf"));
  const write = async (as: DType | undefined): Promise<string> => {
    const tensors: TensorToWrite[] = [];
    for (const tensor of source.tensors.values()) {
      const { name, shape, dtype } = tensor;
      if (shape.length === 1) {
        tensors.push({ name, shape, type: dtype ?? "f32", data: await readTensorBytes(source, tensor) });
        continue;
      }
      const [rows, columns] = [rowCount(tensor), shape.at(-1) ?? 1];
      const stored = tiled(vector, rows, columns);
      tensors.push({
        name,
        shape,
        type: as ?? vector.type,
        data: as === undefined ? stored : converted(stored, vector.type, as, rows, columns),
      });
    }
    const path = `${folder}/${vector.type}.${as ?? "stored"}.gguf`;
    await writeGguf(path, source.metadata, tensors);
    return path;
  };
  return { stored: await write(undefined), f32: await write("f32"), q8_0: await write("q8_0") };
}

function converted(bytes: Uint8Array, from: DType, to: DType, rows: number, columns: number): Uint8Array {
  const values = new Float32Array(rows * columns);
  dtypes[from].decode(bytes, values, columns);
  const out = new Uint8Array(rows * rowBytes(to, columns));
  dtypes[to].encode(values, out, columns);
  return out;
}
