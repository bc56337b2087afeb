import { TensorplanError } from "../errors.ts";
import { BitField, type BitPlaces } from "./bits.ts";
import { type BlockParts, type BlockScheme, clearParts, newParts } from "./blockScheme.ts";
import { defineFormat, type Format, viewOf } from "./format.ts";
import { halfToNumber, numberToHalf } from "./half.ts";
import { noEncoder } from "./noEncoder.ts";

/** Where the parts of a block lie. Bytes count from the block's start; interleaved rows share a block of `rows` times `blockBytes`. */
export interface BlockLayout {
  readonly blockBytes: number;
  /** Rows that lie interleaved in one block; absent: 1. */
  readonly rows?: 4 | 8;
  readonly codes: BitPlaces;
  readonly scales?: BitPlaces;
  readonly mins?: BitPlaces;
  readonly books?: BitPlaces;
  /** The byte of a row's f16 scale in the block; for types with one scale a row, how it stands in front of the rows' blocks. */
  readonly scaleAt: ((row: number) => number) | { readonly prefix: number; readonly as: "f16" | "f32" };
  /** The byte of a row's f16 minimum in the block. */
  readonly minAt?: (row: number) => number;
}

interface Naming<Name extends string> {
  readonly name: Name;
  readonly ggmlTypeId: number;
}

/** A type made of a scheme (what the numbers mean) and a layout (where their bits lie). */
export function defineBlockFormat<const Name extends string>(
  { name, ggmlTypeId }: Naming<Name>,
  scheme: BlockScheme,
  layout: BlockLayout,
): Format<Name> {
  const { blockSize } = scheme;
  const { blockBytes, rows: together = 1 } = layout;
  const rowPrefix = typeof layout.scaleAt === "function" ? 0 : layout.scaleAt.prefix;
  const fields = fieldsOf(scheme, layout);
  const parts = newParts(scheme);
  const write = writerOf(scheme);

  /** Calls `visit` for every block of every row: where its bytes start, which of the interleaved rows it is, where its values start. */
  const eachBlock = (
    count: number,
    columns: number,
    visit: (block: number, row: number, value: number, prefix: number) => void,
  ): void => {
    if (count === 0) return;
    const rows = count / columns;
    if (!Number.isInteger(rows / together) || columns % blockSize !== 0)
      throw partialRows(name, rows, columns);
    const groupBytes = together * (rowPrefix + (columns / blockSize) * blockBytes);
    for (let group = 0; group < rows / together; group++) {
      const start = group * groupBytes;
      for (let block = 0; block < columns / blockSize; block++) {
        for (let row = 0; row < together; row++) {
          visit(
            start + together * (rowPrefix + block * blockBytes),
            row,
            (group * together + row) * columns + block * blockSize,
            start + row * rowPrefix,
          );
        }
      }
    }
  };

  return defineFormat({
    name,
    ggmlTypeId,
    blockSize,
    blockBytes,
    ...(rowPrefix === 0 ? {} : { rowPrefix }),
    ...(together === 1 ? {} : { rowsTogether: together }),
    kind: "block",
    writable: scheme.quantise !== undefined,
    decode(bytes, out, columns) {
      const view = viewOf(bytes);
      const { scaleAt, minAt } = layout;
      eachBlock(out.length, columns, (block, row, value, prefix) => {
        if (typeof scaleAt === "function")
          parts.scale = halfToNumber(view.getUint16(block + scaleAt(row), true));
        else if (scaleAt.as === "f32") parts.scale = view.getFloat32(prefix, true);
        else parts.scale = halfToNumber(view.getUint16(prefix, true));
        if (minAt !== undefined) parts.min = halfToNumber(view.getUint16(block + minAt(row), true));
        for (const [part, field] of fields) field.unpack(bytes, block, row, parts[part]);
        write(parts, out, value);
      });
    },
    encode(values, bytes, columns) {
      const { quantise } = scheme;
      const { scaleAt, minAt } = layout;
      if (quantise === undefined || typeof scaleAt !== "function") throw noEncoder(name);
      const view = viewOf(bytes);
      bytes.fill(0);
      eachBlock(values.length, columns, (block, row, value) => {
        clearParts(parts);
        quantise(values, value, parts);
        view.setUint16(block + scaleAt(row), numberToHalf(parts.scale), true);
        if (minAt !== undefined) view.setUint16(block + minAt(row), numberToHalf(parts.min), true);
        for (const [part, field] of fields) field.pack(parts[part], bytes, block, row);
      });
    },
  });
}

type Numbers = "codes" | "scales" | "mins" | "books";

function fieldsOf(scheme: BlockScheme, layout: BlockLayout): readonly (readonly [Numbers, BitField])[] {
  const groups = scheme.blockSize / scheme.groupSize;
  const counts: Readonly<Record<Numbers, number>> = {
    codes: scheme.blockSize,
    scales: groups,
    mins: groups,
    books: groups,
  };
  return (["codes", "scales", "mins", "books"] as const).flatMap((part) => {
    const places = layout[part];
    return places === undefined
      ? []
      : [[part, new BitField(counts[part], layout.rows ?? 1, places)] as const];
  });
}

/** Turns the parts of a block into its values. */
function writerOf({ blockSize, groupSize, levels, scaleOf, minOf }: BlockScheme) {
  const bookSize = levels[0]?.length ?? 0;
  const level = Float32Array.from(levels.flat());
  const { fround } = Math;
  return (parts: BlockParts, out: Float32Array, at: number): void => {
    for (let group = 0, i = 0; i < blockSize; group++) {
      const scale =
        scaleOf === undefined ? parts.scale : fround(parts.scale * scaleOf(parts.scales[group] as number));
      const min = minOf === undefined ? undefined : fround(parts.min * minOf(parts.mins[group] as number));
      const book = (parts.books[group] as number) * bookSize;
      for (const end = i + groupSize; i < end; i++) {
        const product = fround(scale * (level[book + (parts.codes[i] as number)] as number));
        out[at + i] = min === undefined ? product : product - min;
      }
    }
  };
}

const partialRows = (name: string, rows: number, columns: number) =>
  new TensorplanError({
    code: "dtype/partial-rows",
    message: `${rows} rows of ${columns} values aren't whole blocks, or whole groups of interleaved rows, of ${name}`,
    hint: "give whole rows, as many at a time as the type interleaves",
  });
