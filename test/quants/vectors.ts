import { readFileSync } from "node:fs";
import { type DType, isDType } from "@tensorplan/ir";

const folder = new URL("../reference/quants/", import.meta.url);

interface Entry {
  readonly type: string;
  readonly id: number;
  readonly rowBytes: number;
  readonly sha256: string;
  readonly rms: number;
}

/** Eight rows of 512 values as a format's own code packed them. */
export interface Vector {
  readonly type: DType;
  readonly id: number;
  readonly packed: Uint8Array;
  /** Hash of the values that the format's own code reads there: little-endian f32, row by row. */
  readonly sha256: string;
  /** The root mean square error of the format's own quantiser, over sixteen rows, relative to the source's. */
  readonly rms: number;
}

export const ROWS = 8;
export const COLUMNS = 512;

/** The vectors of all types, in the order of the table that they come from. */
export function readVectors(): readonly Vector[] {
  const blob = new Uint8Array(readFileSync(new URL("vectors.bin", folder)));
  const entries = JSON.parse(readFileSync(new URL("vectors.json", folder), "utf8")) as readonly Entry[];
  let at = 0;
  return entries.map(({ type, id, rowBytes, sha256, rms }) => {
    if (!isDType(type)) throw new Error(`no type ${type}`);
    const packed = blob.slice(at, at + ROWS * rowBytes);
    at += packed.length;
    return { type, id, packed, sha256, rms };
  });
}

/** The values that were quantised: sixteen rows of 512, one block of zeros, outliers every 97th value. */
export function readSource(): Float32Array {
  const bytes = new Uint8Array(readFileSync(new URL("source.f32", folder)));
  return new Float32Array(bytes.buffer);
}
