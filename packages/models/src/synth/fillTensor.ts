import type { StorageDType } from "@tensorplan/ir";
import { match } from "ts-pattern";
import type { TensorFill } from "../gguf/writeGguf.ts";
import { BlockPool } from "./blockPool.ts";
import { RandomStream } from "./randomStream.ts";
import type { SynthTensor } from "./synthTensor.ts";

/** Makes the bytes of a synthetic file's tensors. Pools are made once for each type and deviation. */
export class TensorFiller {
  readonly #seed: number;
  readonly #pools = new Map<string, BlockPool>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  fill(tensor: SynthTensor, type: StorageDType): TensorFill {
    const random = new RandomStream(this.#seed, tensor.name);
    return match(tensor.content)
      .with({ kind: "random" }, ({ deviation }): TensorFill => {
        return (into, offset) => this.#pool(type, deviation).fill(into, offset, random);
      })
      .with({ kind: "router" }, (): TensorFill => {
        const columns = tensor.shape.at(-1) ?? 1;
        return (into, offset) => {
          this.#pool("f32", 1).fill(into, offset, random);
          normaliseRows(into, columns);
        };
      })
      .with(
        { kind: "constant" },
        ({ value }): TensorFill =>
          (into) =>
            writeFloats(into, () => value),
      )
      .with({ kind: "values" }, ({ values }): TensorFill => {
        return (into, offset) => writeFloats(into, (i) => values[offset / 4 + i] ?? 0);
      })
      .exhaustive();
  }

  #pool(type: StorageDType, deviation: number): BlockPool {
    const key = `${type} ${deviation}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = new BlockPool(type, deviation, this.#seed);
    this.#pools.set(key, pool);
    return pool;
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function writeFloats(into: Uint8Array, value: (index: number) => number): void {
  const view = viewOf(into);
  for (let i = 0; i < into.length / 4; i++) view.setFloat32(i * 4, value(i), true);
}

/** Brings every row of f32 values to length 1. */
function normaliseRows(bytes: Uint8Array, columns: number): void {
  const view = viewOf(bytes);
  for (let row = 0; row < bytes.length; row += columns * 4) {
    let sum = 0;
    for (let at = row; at < row + columns * 4; at += 4) sum += view.getFloat32(at, true) ** 2;
    const factor = 1 / Math.sqrt(sum);
    for (let at = row; at < row + columns * 4; at += 4)
      view.setFloat32(at, view.getFloat32(at, true) * factor, true);
  }
}
