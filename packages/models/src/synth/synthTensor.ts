/** What a tensor is filled with. */
type SynthContent =
  /** Normal random values, so that rows of the stated fan-in turn inputs of size 1 into outputs of size `gain`. */
  | { readonly kind: "random"; readonly deviation: number }
  /** Random rows of the same length 1: no expert is preferred, and two of many columns hardly ever resemble each other. */
  | { readonly kind: "router" }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "values"; readonly values: readonly number[] };

export interface SynthTensor {
  readonly name: string;
  /** Slowest axis first. */
  readonly shape: readonly number[];
  readonly content: SynthContent;
  /** Whether the wanted type applies, the type of embedding and output (eight bits where the wanted one has fewer), or always f32. */
  readonly storage: "matrix" | "head" | "f32";
}

/** Residual branches add this much to a stream of size 1: tokens stay apart from each other through every layer. */
const ATTENTION_GAIN = 0.2;
const FEED_FORWARD_GAIN = 0.5;

const randomMatrix = (
  name: string,
  shape: readonly number[],
  gain: number,
  storage: SynthTensor["storage"] = "matrix",
): SynthTensor => ({
  name: `${name}.weight`,
  shape,
  content: { kind: "random", deviation: gain / Math.sqrt(shape.at(-1) ?? 1) },
  storage,
});

/** A matrix [rows, columns], or a stack of them, that keeps the size of what it multiplies. */
export const matrix = (name: string, ...shape: readonly number[]): SynthTensor =>
  randomMatrix(name, shape, 1);

/** The matrix at the end of an attention branch. */
export const attentionOutput = (name: string, ...shape: readonly number[]): SynthTensor =>
  randomMatrix(name, shape, ATTENTION_GAIN);

/** The matrix, or stack of them, at the end of a feed-forward branch. */
export const feedForwardOutput = (name: string, ...shape: readonly number[]): SynthTensor =>
  randomMatrix(name, shape, FEED_FORWARD_GAIN);

/** The output head: logits of size 1. */
export const outputHead = (name: string, ...shape: readonly number[]): SynthTensor =>
  randomMatrix(name, shape, 1, "head");

/** Rows of size 1 in every element: what the residual stream starts with. */
export const embeddingTable = (name: string, ...shape: readonly number[]): SynthTensor => ({
  name: `${name}.weight`,
  shape,
  content: { kind: "random", deviation: 1 },
  storage: "head",
});

export const norm = (name: string, size: number): SynthTensor => ({
  name: `${name}.weight`,
  shape: [size],
  content: { kind: "constant", value: 1 },
  storage: "f32",
});

export const router = (name: string, experts: number, embd: number): SynthTensor => ({
  name: `${name}.weight`,
  shape: [experts, embd],
  content: { kind: "router" },
  storage: "f32",
});

export const zeros = (name: string, size: number): SynthTensor => ({
  name,
  shape: [size],
  content: { kind: "constant", value: 0 },
  storage: "f32",
});

export const values = (name: string, content: readonly number[]): SynthTensor => ({
  name,
  shape: [content.length],
  content: { kind: "values", values: content },
  storage: "f32",
});
