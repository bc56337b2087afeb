import { type Axes, type Axis, axis, concatAxis, productAxis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/add.ts";
import { cacheAppend } from "../ops/cacheAppend.ts";
import { embed } from "../ops/embed.ts";
import { matmul } from "../ops/matmul.ts";
import { merge } from "../ops/merge.ts";
import { mlaAttention } from "../ops/mlaAttention.ts";
import { moe } from "../ops/moe.ts";
import { mul } from "../ops/mul.ts";
import { rmsNorm } from "../ops/rmsNorm.ts";
import { rope } from "../ops/rope.ts";
import { routeExperts } from "../ops/routeExperts.ts";
import { scale } from "../ops/scale.ts";
import { selectRows } from "../ops/selectRows.ts";
import { silu } from "../ops/silu.ts";
import { split } from "../ops/split.ts";
import { swiglu } from "../ops/swiglu.ts";
import { RandomNumbers } from "./randomNumbers.ts";

const tokens = axis("tokens", "tokens");
const embd = axis("embd", 32);
const ffn = axis("ffn", 64);
const heads = axis("heads", 2);
const [nope, turned, latent, value] = [
  axis("nope", 32),
  axis("turned", 32),
  axis("latent", 32),
  axis("value", 32),
];
const [query, row] = [concatAxis("query", nope, turned), concatAxis("row", latent, turned)];
const [queries, attended] = [productAxis("queries", heads, query), productAxis("attended", heads, value)];
const [experts, used] = [axis("experts", 4), axis("used", 2)];

type Row = Tensor<readonly [Axis<"tokens">, Axis<"embd">], "f32">;

/** A graph in the making: its builder, its choices, the step inputs and the rows made so far. */
class RandomModel {
  readonly builder = new GraphBuilder("random", {
    tokens: 8,
    outputs: 8,
    sequences: 2,
    pages: 2,
    context: 128,
    slots: 256,
  });
  readonly rows: [Row, ...Row[]];
  readonly #random: RandomNumbers;
  readonly #paging;
  readonly #slots;
  readonly #outputRows;
  #weights = 0;

  constructor(seed: number) {
    const { builder } = this;
    this.#random = new RandomNumbers(seed);
    builder.declareAxis(axis("context", "context"));
    const ids = builder.input("tokens", [tokens], "i32");
    this.#slots = builder.input("slots", [tokens], "i32");
    this.#outputRows = builder.input("output_rows", [axis("outputs", "outputs")], "i32");
    this.#paging = {
      positions: builder.input("positions", [tokens], "i32"),
      sequenceOf: builder.input("sequence_of", [tokens], "i32"),
      pageTable: builder.input("page_table", [axis("sequences", "sequences"), axis("pages", "pages")], "i32"),
    };
    this.rows = [embed("embed", this.#weight([axis("vocab", 16), embd]), ids)];
  }

  /** Adds one piece, chosen at random, that reads rows made before and makes a new one. */
  grow(at: string): void {
    const [x, y] = [this.#random.pick(this.rows), this.#random.pick(this.rows)];
    const pieces = ["attention", "dense", "experts", "norm", "twice", "unused", "simple", "simple"] as const;
    const piece = this.#random.pick(pieces);
    const made = this.builder.scope(at, () => {
      if (piece === "attention") return add("sum", x, this.#attention(at, y));
      if (piece === "dense") return add("sum", x, this.#dense(y));
      if (piece === "experts") return add("sum", x, this.#experts(y));
      if (piece === "norm") return mul("gated", add("sum", x, y), this.#norm("norm", add("same", x, y)));
      if (piece === "twice") return mul("square", silu("first", x), silu("second", x));
      if (piece === "unused") matmul("nobody", x, this.#weight([ffn, embd]));
      const half = scale("half", y, 0.5);
      return this.#random.below(2) === 0 ? add("simple", x, half) : mul("simple", x, half);
    });
    this.rows.push(made);
  }

  finish(): Graph {
    const last = this.#norm("final.norm", this.rows.at(-1) ?? this.rows[0]);
    const wanted = selectRows("final.rows", last, this.#outputRows);
    const vocab = axis("vocab", 16);
    this.builder.output("logits", matmul("final.logits", wanted, this.#weight([vocab, embd])));
    return this.builder.finish();
  }

  #weight<const A extends Axes>(axes: A, dtype = this.#dtype()): Tensor<A, StorageDType> {
    return this.builder.weight(`w${this.#weights++}`, axes, dtype);
  }

  #dtype(): StorageDType {
    return this.#random.pick<StorageDType>(["f32", "f16", "bf16", "q8_0", "iq4_nl"]);
  }

  #norm(at: string, x: Row): Row {
    return rmsNorm(at, x, this.builder.weight(`w${this.#weights++}`, [embd], "f32"), { eps: 1e-5 });
  }

  #attention(at: string, x: Row): Row {
    const { positions } = this.#paging;
    const angles = { style: "interleaved", base: 1e4, part: turned } as const;
    const q = rope(
      "q_rope",
      split("q_heads", matmul("q", x, this.#weight([queries, embd]))),
      positions,
      angles,
    );
    const c = rope("c_rope", matmul("c", x, this.#weight([row, embd])), positions, angles);
    const dtype = this.#random.pick(["f32", "f16", "bf16", "q8_0"] as const);
    const state = this.builder.state(`cache.${at}`, [axis("slots", "slots"), row], dtype);
    const out = mlaAttention(
      "mla",
      {
        q,
        cache: cacheAppend("append", state, c, this.#slots),
        kB: this.#weight([heads, latent, nope]),
        kUp: this.#weight([heads, nope, latent]),
        vB: this.#weight([heads, value, latent]),
        paging: this.#paging,
      },
      { scale: 0.125, nope, rope: turned, latent },
    );
    return matmul("out", merge("merged", out, attended), this.#weight([embd, attended]));
  }

  #dense(x: Row): Row {
    const dtype = this.#dtype();
    const gate = matmul("gate", x, this.#weight([ffn, embd], dtype));
    const up = matmul("up", x, this.#weight([ffn, embd], dtype));
    return matmul("down", swiglu("act", gate, up), this.#weight([embd, ffn]));
  }

  #experts(x: Row): Row {
    const logits = matmul("router", x, this.#weight([experts, embd]));
    const routing = routeExperts("route", logits, { gating: "sigmoid", used, normalise: true, scale: 1.5 });
    return moe("experts", x, routing, {
      gate: this.#weight([experts, ffn, embd]),
      up: this.#weight([experts, ffn, embd]),
      down: this.#weight([experts, embd, ffn]),
    });
  }
}

/**
 * A small random model that steps can run: embedding, `pieces` pieces out of latent attention with its cache, dense and expert feed-forward
 * parts, norms, elementwise operations, repeated and unused nodes, then logits. The same seed gives the same graph.
 */
export function randomGraph(seed: number, pieces: number): Graph {
  const model = new RandomModel(seed);
  for (let i = 0; i < pieces; i++) model.grow(`p${i}`);
  return model.finish();
}
