import { axis, type RandomNumbers } from "@tensorplan/ir";
import {
  between,
  distinct,
  drawn,
  indices,
  multiple,
  type OpSketches,
  type Sketch,
  tokens,
  values,
  weight,
} from "./sketch.ts";

/** Inner sizes of whole blocks with one token and with many, then an inner size that only plain types can have. */
const steps = [
  (random: RandomNumbers) => ({ count: 1, inner: multiple(random, 32, 4) }),
  (random: RandomNumbers) => ({ count: between(random, 2, 20), inner: multiple(random, 32, 3) }),
  (random: RandomNumbers) => ({ count: between(random, 2, 5), inner: between(random, 1, 31) }),
] as const;

type Make = (random: RandomNumbers, inner: number, count: number) => Omit<Sketch, "symbols">;

const overSteps = (make: Make): OpSketches => {
  const [first, ...more] = steps;
  const drawWith = (step: (typeof steps)[number]) => (random: RandomNumbers) => {
    const { count, inner } = step(random);
    return { ...make(random, inner, count), symbols: { tokens: count } };
  };
  return [drawWith(first), ...more.map(drawWith)];
};

/** Rows of a weight: sometimes whole groups of 16, mostly not. */
const outer = (random: RandomNumbers) => axis("outer", between(random, 1, 40));

const experts = (random: RandomNumbers, count: number) => {
  const [all, used] = [between(random, 2, 3), between(random, 1, 2)];
  const axes = { experts: axis("experts", all), used: axis("used", used) };
  const ids = drawn(count, () => 0).flatMap(() => distinct(random, used, all));
  return { ...axes, ids: indices([tokens, axes.used], ids) };
};

export const productSketches = {
  matmul: overSteps((random, inner) => {
    const k = axis("inner", inner);
    return { operands: { x: values(tokens, k), w: weight(outer(random), k) } };
  }),
  gate_up_swiglu: overSteps((random, inner) => {
    const [n, k] = [outer(random), axis("inner", inner)];
    return { operands: { x: values(tokens, k), gate: weight(n, k), up: weight(n, k) } };
  }),
  head_matmul: overSteps((random, inner) => {
    const [heads, k] = [axis("heads", between(random, 1, 4)), axis("inner", inner)];
    return { operands: { x: values(tokens, heads, k), w: weight(heads, outer(random), k) } };
  }),
  expert_matmul: overSteps((random, inner, count) => {
    const { experts: all, used, ids } = experts(random, count);
    const k = axis("inner", inner);
    const x = random.below(2) === 0 ? values(tokens, k) : values(tokens, used, k);
    return { operands: { x, w: weight(all, outer(random), k), ids } };
  }),
  moe: overSteps((random, inner, count) => {
    const { experts: all, used, ids } = experts(random, count);
    const e = axis("embd", Math.min(inner, 64));
    const f = axis("hidden", inner % 32 === 0 ? multiple(random, 32, 2) : between(random, 1, 40));
    return {
      operands: {
        x: values(tokens, e),
        ids,
        weights: values(tokens, used),
        gate: weight(all, f, e),
        up: weight(all, f, e),
        down: weight(all, e, f),
      },
    };
  }),
  mla_absorb_query: overSteps((random, inner) => {
    const [latent, turned] = [between(random, 1, 40), between(random, 1, 20)];
    const heads = axis("heads", between(random, 1, 3));
    const [nope, rope] = [axis("nope", inner), axis("rope", turned)];
    const row = axis("row", latent + turned);
    return {
      operands: {
        q: values(tokens, heads, axis("query", inner + turned)),
        w: weight(heads, axis("latent", latent), nope),
      },
      attrs: {
        nope: { name: "nope", start: 0, size: inner },
        rope: { name: "rope", start: inner, size: turned },
        axis: "row",
      },
      mentioned: [nope, rope, row],
    };
  }),
  embed: overSteps((random, inner, count) => {
    const vocab = between(random, 1, 30);
    return {
      operands: {
        table: weight(axis("vocab", vocab), axis("embd", inner)),
        ids: indices(
          [tokens],
          drawn(count, () => random.below(vocab)),
        ),
      },
    };
  }),
  weighted_sum: overSteps((random, inner) => {
    const used = axis("used", between(random, 1, 5));
    return { operands: { x: values(tokens, used, axis("width", inner)), weights: values(tokens, used) } };
  }),
} satisfies Readonly<Record<string, OpSketches>>;
