import { axis, type RandomNumbers } from "@tensorplan/ir";
import {
  between,
  drawn,
  indices,
  type OpSketches,
  parameter,
  type Sketch,
  tokens,
  values,
} from "./sketch.ts";

const yarn = {
  kind: "yarn",
  factor: 4,
  originalContext: 64,
  betaFast: 32,
  betaSlow: 1,
  magnitude: 1.1,
} as const;

const scalings = [{}, { scaling: { kind: "linear", factor: 2 } }, { scaling: yarn }] as const;

function turn(
  random: RandomNumbers,
  style: "interleaved" | "neox",
  options: { readonly heads: boolean; readonly part: boolean; readonly factors: boolean },
): Sketch {
  const [count, size] = [between(random, 1, 6), 2 * between(random, 1, 36)];
  const start = options.part ? between(random, 1, 20) : 0;
  const width = axis("width", options.part ? start + size + between(random, 0, 9) : size);
  const turned = axis("turned", size);
  return {
    operands: {
      x: values(tokens, ...(options.heads ? [axis("heads", between(random, 1, 3))] : []), width),
      positions: indices(
        [tokens],
        drawn(count, () => random.below(200)),
      ),
      ...(options.factors
        ? { factors: { ...parameter(axis("pairs", size / 2)), values: drawn(size / 2, (i) => 1 + (i % 4)) } }
        : {}),
    },
    attrs: {
      style,
      base: 10_000,
      ...(options.part ? { part: { name: "turned", start, size } } : {}),
      ...random.pick(scalings),
    },
    mentioned: options.part ? [turned] : [],
    symbols: { tokens: count },
  };
}

export const ropeSketches = {
  rope: [
    (random) => turn(random, "interleaved", { heads: false, part: false, factors: false }),
    (random) => turn(random, "interleaved", { heads: true, part: true, factors: false }),
    (random) => turn(random, "neox", { heads: true, part: false, factors: true }),
    (random) => turn(random, "neox", { heads: false, part: true, factors: true }),
  ],
} satisfies Readonly<Record<string, OpSketches>>;
