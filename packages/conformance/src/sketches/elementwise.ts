import { axis, type RandomNumbers } from "@tensorplan/ir";
import {
  between,
  drawn,
  multiple,
  type OpSketches,
  parameter,
  type Sketch,
  tokens,
  values,
} from "./sketch.ts";

/** [tokens, width] with a width that fills vectors, one that doesn't, and [tokens, heads, width]. */
const shapes = [
  (random: RandomNumbers) => [tokens, axis("width", multiple(random, 16, 4))],
  (random: RandomNumbers) => [tokens, axis("width", between(random, 1, 45))],
  (random: RandomNumbers) => [
    tokens,
    axis("heads", between(random, 1, 3)),
    axis("width", between(random, 2, 35)),
  ],
] as const;

const step = (random: RandomNumbers) => ({ tokens: between(random, 1, 6) });

type Make = (axes: ReturnType<(typeof shapes)[number]>, random: RandomNumbers) => Sketch;

const overShapes = (make: Make): OpSketches => {
  const [first, ...more] = shapes;
  const drawWith = (shape: (typeof shapes)[number]) => (random: RandomNumbers) => ({
    symbols: step(random),
    ...make(shape(random), random),
  });
  return [drawWith(first), ...more.map(drawWith)];
};

/** Zeros of both signs, and numbers whose exponentials are nothing or don't fit. */
const extremes = [0, -0, 1e-30, -1e-30, 30, -30, 88.5, -88.5, 300, -300, 1e4, -1e4];
const extreme = { ...values(tokens, axis("width", extremes.length)), values: [...extremes, ...extremes] };

const unary: OpSketches = [
  ...overShapes((axes) => ({ operands: { x: values(...axes) } })),
  () => ({ operands: { x: extreme }, symbols: { tokens: 2 } }),
];
const binary = overShapes((axes) => ({ operands: { a: values(...axes), b: values(...axes) } }));

export const elementwiseSketches = {
  add: binary,
  mul: binary,
  silu: unary,
  sigmoid: unary,
  swiglu: overShapes((axes) => ({ operands: { gate: values(...axes), up: values(...axes) } })),
  scale: overShapes((axes, random) => ({
    operands: { x: values(...axes) },
    attrs: { factor: 3 * random.signed() },
  })),
  softmax: [
    ...overShapes((axes) => ({ operands: { x: values(...axes) } })),
    (random) => {
      // Masked scores: some weights are 0, and a row where all are.
      const [rows, width] = [between(random, 2, 4), between(random, 3, 40)];
      const masked = drawn(rows * width, (i) =>
        i < width || random.below(3) === 0 ? Number.NEGATIVE_INFINITY : 4 * random.signed(),
      );
      const x = { ...values(tokens, axis("width", width)), values: masked };
      return { operands: { x }, symbols: { tokens: rows } };
    },
  ],
  add_rms_norm: overShapes((axes) => ({
    operands: { a: values(...axes), b: values(...axes), weight: parameter(...axes.slice(-1)) },
    attrs: { eps: 1e-5 },
  })),
  rms_norm: [
    ...overShapes((axes) => ({
      operands: { x: values(...axes), weight: parameter(...axes.slice(-1)) },
      attrs: { eps: 1e-6 },
    })),
    (random) => {
      const [start, size, rest] = [between(random, 0, 9), between(random, 1, 40), between(random, 0, 9)];
      const part = axis("part", size);
      return {
        operands: { x: values(tokens, axis("width", start + size + rest)), weight: parameter(part) },
        attrs: { eps: 1e-5, part: { name: "part", start, size } },
        mentioned: [part],
        symbols: step(random),
      };
    },
  ],
} satisfies Readonly<Record<string, OpSketches>>;
