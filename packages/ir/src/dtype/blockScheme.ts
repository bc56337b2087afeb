/** What a block of one row says, unpacked: small numbers as they stand in the file, and the factors of the whole block. */
export interface BlockParts {
  /** The factor of all scales. Written as f16, unless the type keeps one for each row. */
  scale: number;
  /** The factor of all minima, in types that have minima. */
  min: number;
  /** For each group of values: its scale, its minimum, and which of two code books it uses. */
  readonly scales: Uint8Array;
  readonly mins: Uint8Array;
  readonly books: Uint8Array;
  /** One code for each value. */
  readonly codes: Uint8Array;
}

/** Chooses the parts of a block for `values[at]` and those after it. `parts` comes with zeros in it. */
export type Quantise = (values: Float32Array, at: number, parts: BlockParts) => void;

/**
 * What the numbers in a block mean, wherever their bits lie: `value = (scale · scaleOf(s)) · levels[book][code] − min · minOf(m)`, each product
 * and the difference rounded to f32 in this order.
 */
export interface BlockScheme {
  readonly blockSize: number;
  /** Values that share a scale; divides `blockSize`. */
  readonly groupSize: number;
  /** The code books, one or two: the level of each code. */
  readonly levels: readonly (readonly number[])[];
  /** What the number of a group's scale stands for; absent where groups have no scales of their own. */
  readonly scaleOf?: (code: number) => number;
  readonly minOf?: (code: number) => number;
  /** Absent where no quantiser for the type has been written. */
  readonly quantise?: Quantise;
}

/** The levels `-zero, 1 - zero, …` of `count` codes. */
export const evenLevels = (count: number, zero: number): readonly [readonly number[]] => [
  Array.from({ length: count }, (_, code) => code - zero),
];

/** A byte as the signed number that it is. */
export const signed = (byte: number): number => (byte << 24) >> 24;

/** The levels of codes that are signed bytes. */
export const signedLevels: readonly (readonly number[])[] = [
  Array.from({ length: 256 }, (_, code) => signed(code)),
];

export const newParts = ({ blockSize, groupSize }: BlockScheme): BlockParts => ({
  scale: 0,
  min: 0,
  scales: new Uint8Array(blockSize / groupSize),
  mins: new Uint8Array(blockSize / groupSize),
  books: new Uint8Array(blockSize / groupSize),
  codes: new Uint8Array(blockSize),
});

export function clearParts(parts: BlockParts): void {
  parts.scale = 0;
  parts.min = 0;
  for (const numbers of [parts.scales, parts.mins, parts.books, parts.codes]) numbers.fill(0);
}
