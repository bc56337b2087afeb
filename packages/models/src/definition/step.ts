import { type Axis, axis, type GraphBuilder, PAGE_ROWS, type Tensor } from "@tensorplan/ir";

/** The largest step that a graph serves, in the units of its symbols. */
export interface StepLimits {
  /** Tokens of all sequences together (the micro-batch). */
  readonly tokens: number;
  /** Positions whose logits are wanted. */
  readonly outputs: number;
  readonly sequences: number;
  /** Tokens that one sequence may have, the step's included. */
  readonly context: number;
  /** Rows of the page pool that all sequences share; a multiple of `PAGE_ROWS`. */
  readonly slots: number;
}

export const pagesFor = (rows: number): number => Math.ceil(rows / PAGE_ROWS);

export const symbolsOf = (limits: StepLimits): Readonly<Record<string, number>> => ({
  tokens: limits.tokens,
  outputs: limits.outputs,
  sequences: limits.sequences,
  pages: pagesFor(limits.context),
  context: pagesFor(limits.context) * PAGE_ROWS,
  slots: limits.slots,
});

/** The axes that steps bring with them; a graph declares them once. */
export const stepAxes = () => ({
  tokens: axis("tokens", "tokens"),
  outputs: axis("outputs", "outputs"),
  sequences: axis("sequences", "sequences"),
  pages: axis("pages", "pages"),
  context: axis("context", "context"),
  slots: axis("slots", "slots"),
});

export type StepAxes = ReturnType<typeof stepAxes>;

/**
 * What every step brings. Row `j` of sequence `s` lies at slot `pageTable[s][j / 64] * 64 + j % 64` of each cache; the token `t` belongs
 * to sequence `sequenceOf[t]`, stands at `positions[t]` and is written to `slots[t]`.
 */
export interface StepInputs {
  readonly tokens: Tensor<readonly [Axis<"tokens">], "i32">;
  readonly positions: Tensor<readonly [Axis<"tokens">], "i32">;
  readonly sequenceOf: Tensor<readonly [Axis<"tokens">], "i32">;
  readonly slots: Tensor<readonly [Axis<"tokens">], "i32">;
  readonly pageTable: Tensor<readonly [Axis<"sequences">, Axis<"pages">], "i32">;
  /** Which tokens' logits are wanted. */
  readonly outputRows: Tensor<readonly [Axis<"outputs">], "i32">;
}

export function stepInputs(builder: GraphBuilder, axes: StepAxes): StepInputs {
  builder.declareAxis(axes.context);
  return {
    tokens: builder.input("tokens", [axes.tokens], "i32"),
    positions: builder.input("positions", [axes.tokens], "i32"),
    sequenceOf: builder.input("sequence_of", [axes.tokens], "i32"),
    slots: builder.input("slots", [axes.tokens], "i32"),
    pageTable: builder.input("page_table", [axes.sequences, axes.pages], "i32"),
    outputRows: builder.input("output_rows", [axes.outputs], "i32"),
  };
}
