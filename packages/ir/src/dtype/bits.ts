/** `width` bits of a byte, from bit `shift` on, that are the bits from `to` on of a small number. */
export interface BitPiece {
  readonly byte: number;
  readonly shift: number;
  readonly width: number;
  readonly to: number;
}

/** Where the bits of number `i` of a row lie in a block; `row` counts the rows that lie interleaved, 0 where none do. */
export type BitPlaces = (i: number, row: number) => readonly BitPiece[];

export const bits = (byte: number, shift: number, width: number, to = 0): BitPiece => ({
  byte,
  shift,
  width,
  to,
});

/** `count` numbers of at most eight bits for each of `rows` rows, whose bits lie scattered over a block. */
export class BitField {
  readonly #count: number;
  readonly #pieces: number;
  readonly #bytes: Int32Array;
  readonly #shifts: Uint8Array;
  readonly #masks: Uint8Array;
  readonly #to: Uint8Array;

  constructor(count: number, rows: number, places: BitPlaces) {
    const all = Array.from({ length: rows * count }, (_, n) => places(n % count, Math.floor(n / count)));
    this.#count = count;
    this.#pieces = all.reduce((most, pieces) => Math.max(most, pieces.length), 0);
    // A number of fewer pieces than others is filled up with pieces of no bits.
    const flat = all.flatMap((pieces) =>
      Array.from({ length: this.#pieces }, (_, p) => pieces[p] ?? bits(0, 0, 0)),
    );
    this.#bytes = Int32Array.from(flat, (piece) => piece.byte);
    this.#shifts = Uint8Array.from(flat, (piece) => piece.shift);
    this.#masks = Uint8Array.from(flat, (piece) => (1 << piece.width) - 1);
    this.#to = Uint8Array.from(flat, (piece) => piece.to);
  }

  /** Gathers the numbers of `row` from the block at `start`. */
  unpack(block: Uint8Array, start: number, row: number, into: Uint8Array): void {
    let at = row * this.#count * this.#pieces;
    for (let i = 0; i < this.#count; i++) {
      let value = 0;
      for (let p = 0; p < this.#pieces; p++, at++) {
        const byte = block[start + (this.#bytes[at] as number)] as number;
        value |=
          ((byte >> (this.#shifts[at] as number)) & (this.#masks[at] as number)) << (this.#to[at] as number);
      }
      into[i] = value;
    }
  }

  /** Scatters the numbers of `row` into the block at `start`, whose bits for them are zero. */
  pack(numbers: Uint8Array, block: Uint8Array, start: number, row: number): void {
    let at = row * this.#count * this.#pieces;
    for (let i = 0; i < this.#count; i++) {
      for (let p = 0; p < this.#pieces; p++, at++) {
        const piece = ((numbers[i] as number) >> (this.#to[at] as number)) & (this.#masks[at] as number);
        const byte = start + (this.#bytes[at] as number);
        block[byte] = (block[byte] as number) | (piece << (this.#shifts[at] as number));
      }
    }
  }
}
