/** Code books of the non-linear types, fixed by the file formats: for each code its level, the second book where groups may choose it. */
const iq2: readonly (readonly number[])[] = [
  [-31, -13, 1, 17],
  [-26, -8, 6, 22],
];

const iq3: readonly (readonly number[])[] = [
  [-63, -40, -23, -10, 1, 13, 28, 47],
  [-59, -36, -19, -6, 5, 17, 32, 51],
];

const iq4: readonly [readonly number[], readonly number[]] = [
  [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113],
  [-123, -100, -79, -61, -45, -31, -18, -6, 5, 17, 29, 42, 57, 73, 93, 117],
];

const iq5First: readonly number[] = [
  -126, -114, -103, -92, -83, -74, -65, -57, -50, -43, -36, -30, -24, -18, -12, -6, -1, 5, 11, 17, 23, 29, 36,
  43, 51, 59, 68, 77, 87, 97, 109, 121,
];

/** The second book is the first, two higher. */
const iq5: readonly (readonly number[])[] = [iq5First, iq5First.map((level) => level + 2)];

/**
 * IQ6_K's levels are a cubic of the code, in f32 with one rounding for each multiplication and addition together, as the format's own reader does it
 * where the processor has such an instruction. (f64 holds product and sum exactly.) The second book is one higher.
 */
const iq6: readonly (readonly number[])[] = [0, 1].map((shift) => {
  const { fround } = Math;
  const [linear, square, cubic] = [6.2568, 0.11218, 0.0011972].map(fround) as [number, number, number];
  return Array.from({ length: 64 }, (_, code) => {
    const inner = fround(code * cubic - square);
    return fround(fround(code * fround(code * inner + linear) - 127) + shift);
  });
});

export const codeBooks = { iq2, iq3, iq4, iq5, iq6 } as const;
