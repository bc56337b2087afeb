import { axis, type RandomNumbers } from "@tensorplan/ir";
import {
  between,
  cache,
  distinct,
  drawn,
  indices,
  multiple,
  type OperandSketch,
  type OpSketches,
  type Sketch,
  tokens,
  values,
} from "./sketch.ts";

const step = (random: RandomNumbers) => ({ tokens: between(random, 1, 6) });

const any = (...axes: OperandSketch["axes"]): OperandSketch => ({ kind: "any", axes });

const append = (random: RandomNumbers, count: number, heads: number | undefined, width: number): Sketch => {
  const slots = 64 * between(random, 1, 2);
  const row = [...(heads === undefined ? [] : [axis("heads", heads)]), axis("width", width)];
  return {
    operands: {
      state: cache(axis("slots", slots), ...row),
      rows: values(tokens, ...row),
      slots: indices([tokens], distinct(random, count, slots)),
    },
    symbols: { tokens: count },
  };
};

/** Operations that copy values, or only look at them otherwise. */
export const moveSketches = {
  slice: [
    (random) => {
      const [start, size, rest] = [between(random, 0, 20), between(random, 1, 40), between(random, 0, 20)];
      const part = axis("part", size);
      return {
        operands: {
          x: values(tokens, axis("heads", between(random, 1, 3)), axis("width", start + size + rest)),
        },
        attrs: { part: { name: "part", start, size } },
        mentioned: [part],
        symbols: step(random),
      };
    },
  ],
  concat: [
    (random) => {
      const [a, b] = [between(random, 1, 40), between(random, 1, 40)];
      const heads = axis("heads", between(random, 1, 3));
      return {
        operands: { a: values(tokens, heads, axis("left", a)), b: values(tokens, heads, axis("right", b)) },
        attrs: { axis: "both" },
        mentioned: [axis("both", a + b)],
        symbols: step(random),
      };
    },
  ],
  select_rows: [
    (random) => {
      const [count, wanted] = [between(random, 1, 6), between(random, 1, 8)];
      return {
        operands: {
          x: values(tokens, axis("width", between(random, 1, 70))),
          rows: indices(
            [axis("outputs", "outputs")],
            drawn(wanted, () => random.below(count)),
          ),
        },
        symbols: { tokens: count, outputs: wanted },
      };
    },
    // A step whose logits nobody wants.
    (random) => ({
      operands: {
        x: values(tokens, axis("width", between(random, 1, 70))),
        rows: indices([axis("outputs", "outputs")], []),
      },
      symbols: { tokens: between(random, 1, 6), outputs: 0 },
    }),
  ],
  cache_append: [
    (random) => append(random, 1, undefined, multiple(random, 32, 4)),
    (random) => append(random, between(random, 2, 20), between(random, 1, 4), multiple(random, 32, 2)),
    (random) => append(random, between(random, 2, 20), undefined, between(random, 1, 70)),
  ],
  split: [
    (random) => {
      const [heads, width] = [axis("heads", between(random, 1, 4)), axis("width", 32)];
      return {
        operands: { x: any(tokens, axis("both", 32 * Number(heads.size[0]?.coefficient))) },
        attrs: { into: ["heads", "width"] },
        mentioned: [heads, width],
        symbols: step(random),
      };
    },
  ],
  merge: [
    (random) => {
      const heads = between(random, 1, 4);
      return {
        operands: { x: any(tokens, axis("heads", heads), axis("width", 32)) },
        attrs: { into: "both" },
        mentioned: [axis("both", 32 * heads)],
        symbols: step(random),
      };
    },
  ],
  rename: [
    (random) => ({
      operands: { x: any(tokens, axis("width", multiple(random, 32, 2))) },
      attrs: { from: "tokens", to: "keys" },
      mentioned: [axis("keys", "tokens")],
      symbols: step(random),
    }),
  ],
} satisfies Readonly<Record<string, OpSketches>>;
