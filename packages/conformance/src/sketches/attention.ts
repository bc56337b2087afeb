import { axis, type RandomNumbers } from "@tensorplan/ir";
import { drawPaged } from "./paging.ts";
import { between, cache, multiple, type OpSketches, type Sketch, tokens, values, weight } from "./sketch.ts";

type Draw = (random: RandomNumbers, many: boolean, block: boolean) => Sketch;

/** One token, several sequences, and widths that only plain types can have. */
const ways = (draw: Draw): OpSketches => [
  (random) => draw(random, false, true),
  (random) => draw(random, true, true),
  (random) => draw(random, true, false),
];

const width = (random: RandomNumbers, block: boolean) =>
  block ? multiple(random, 32, 2) : between(random, 1, 40);

const groups = (random: RandomNumbers) => {
  const kv = between(random, 1, 2);
  return { heads: axis("heads", kv * between(random, 1, 4)), kvHeads: axis("kv_heads", kv) };
};

const part = (name: string, start: number, size: number) => ({ name, start, size });

const grouped: Draw = (random, many, block) => {
  const { paging, slots, count } = drawPaged(random, many);
  const { heads, kvHeads } = groups(random);
  const [key, value] = [axis("key", width(random, block)), axis("value", width(random, block))];
  return {
    operands: {
      q: values(tokens, heads, key),
      k: cache(slots, kvHeads, key),
      v: cache(slots, kvHeads, value),
      ...paging,
    },
    attrs: { scale: 0.7 },
    symbols: { tokens: count },
  };
};

const latent: Draw = (random, many, block) => {
  const { paging, slots, count } = drawPaged(random, many);
  const [size, turned] = [width(random, block), width(random, block)];
  const [row, kept] = [axis("row", size + turned), axis("latent", size)];
  return {
    operands: {
      q: values(tokens, axis("heads", between(random, 1, 5)), row),
      cache: cache(slots, row),
      ...paging,
    },
    attrs: { scale: 0.5, values: part("latent", 0, size) },
    mentioned: [kept],
    symbols: { tokens: count },
  };
};

const scores: Draw = (random, many, block) => {
  const { paging, slots, count, context } = drawPaged(random, many);
  const { heads, kvHeads } = groups(random);
  const key = axis("key", width(random, block));
  const rows = random.below(2) === 0 ? [kvHeads, key] : [key];
  return {
    operands: { q: values(tokens, heads, key), k: cache(slots, ...rows), ...paging },
    attrs: { scale: 0.3, context: "context" },
    mentioned: [axis("context", "context")],
    symbols: { tokens: count, context },
  };
};

const weighted: Draw = (random, many, block) => {
  const { paging, slots, count, context } = drawPaged(random, many);
  const { heads, kvHeads } = groups(random);
  const size = width(random, block);
  const more = block ? 32 : between(random, 1, 9);
  const cut = random.below(2) === 0;
  const row = axis("row", cut ? size + more : size);
  const rows = random.below(2) === 0 ? [kvHeads, row] : [row];
  return {
    operands: { p: values(tokens, heads, axis("context", "context")), v: cache(slots, ...rows), ...paging },
    attrs: cut ? { values: part("kept", 0, size) } : {},
    mentioned: cut ? [axis("kept", size)] : [],
    symbols: { tokens: count, context },
  };
};

/** Multi-head latent attention, with the weights that an operation reads. */
const multiLatent =
  (withKB: boolean): Draw =>
  (random, many, block) => {
    const { paging, slots, count } = drawPaged(random, many);
    // Small: keys and values are rebuilt for each row, and there are many combinations of element types.
    const narrow = () => (block ? 32 : between(random, 1, 20));
    const [n, r, l] = [narrow(), narrow(), block ? width(random, block) : narrow()];
    const heads = axis("heads", between(random, 1, 2));
    const [nope, rope, kept] = [axis("nope", n), axis("rope", r), axis("latent", l)];
    return {
      operands: {
        q: values(tokens, heads, axis("query", n + r)),
        cache: cache(slots, axis("row", l + r)),
        ...(withKB ? { k_b: weight(heads, kept, nope) } : {}),
        k_up: weight(heads, nope, kept),
        v_b: weight(heads, axis("value", between(random, 1, 35)), kept),
        ...paging,
      },
      attrs: { scale: 0.4, nope: part("nope", 0, n), rope: part("rope", n, r), latent: part("latent", 0, l) },
      mentioned: [nope, rope, kept],
      symbols: { tokens: count },
    };
  };

export const attentionSketches = {
  attention: ways(grouped),
  latent_attention: ways(latent),
  paged_scores: ways(scores),
  paged_values: ways(weighted),
  mla_attention: ways(multiLatent(true)),
  mla_decompressed_attention: ways(multiLatent(false)),
} satisfies Readonly<Record<string, OpSketches>>;
