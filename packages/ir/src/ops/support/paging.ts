import type { Axis } from "../../axis/axis.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { axesOf, expectIndices, expectSameAxis, need } from "../../op/check.ts";
import { indices } from "../../op/host.ts";
import type { HostTensor, SizedOperand, TypedAxes } from "../../op/op.ts";
import type { SameAxis } from "../../op/typed.ts";

/** Rows of one page of a cache. */
export const PAGE_ROWS = 64;

/**
 * Where the rows of each sequence lie: token `t` stands at `positions[t]` of sequence `sequenceOf[t]`; row `j` of sequence `s` is the
 * cache row `pageTable[s][⌊j/64⌋]·64 + j mod 64`.
 */
export interface Paging<T extends Axis = Axis, S extends Axis = Axis, P extends Axis = Axis> {
  readonly positions: Tensor<readonly [T], "i32">;
  readonly sequenceOf: Tensor<readonly [T], "i32">;
  readonly pageTable: Tensor<readonly [S, P], "i32">;
}

/** Paging whose tokens are those of the queries. */
export type PagingFor<T extends Axis, PT extends Axis, Op extends string> = Paging<PT> &
  SameAxis<T, PT, `${Op}: queries run over`, "the positions over">;

export const pagingInputs = ["positions", "sequence_of", "page_table"] as const;

export const pagingOperands = (paging: Paging) => ({
  positions: paging.positions,
  sequence_of: paging.sequenceOf,
  page_table: paging.pageTable,
});

export function checkPaging(code: string, inputs: Readonly<Record<string, TypedAxes>>, tokens: Axis): void {
  const [positions, sequenceOf, pageTable] = need(inputs, ...pagingInputs);
  expectIndices({ positions, sequence_of: sequenceOf, page_table: pageTable });
  const [p] = axesOf("positions", positions, ["T"]);
  const [s] = axesOf("sequence_of", sequenceOf, ["T"]);
  axesOf("page_table", pageTable, ["S", "pages"]);
  expectSameAxis(code, "queries run over", tokens, "positions over", p);
  expectSameAxis(code, "queries run over", tokens, "sequence_of over", s);
}

export interface PagedRows {
  readonly tokens: number;
  /** Rows that token `t` may see: its own position and all before it. */
  visible(t: number): number;
  /** Cache row of row `j` of token `t`'s sequence. */
  slot(t: number, j: number): number;
}

export function pagedRows(inputs: Readonly<Record<string, HostTensor>>): PagedRows {
  const [p, s, table] = need(inputs, ...pagingInputs);
  const positions = indices(p);
  const sequenceOf = indices(s);
  const pages = indices(table);
  const width = table.shape[1] ?? 0;
  return {
    tokens: positions.length,
    visible: (t) => (positions[t] as number) + 1,
    slot: (t, j) =>
      (pages[(sequenceOf[t] as number) * width + Math.floor(j / PAGE_ROWS)] as number) * PAGE_ROWS +
      (j % PAGE_ROWS),
  };
}

/** Rows that all sequences' pages hold, for costs: sequences, rows of each. */
export const pagedExtent = (
  inputs: Readonly<Record<string, SizedOperand>>,
): { readonly sequences: number; readonly context: number } => {
  const [sequences = 0, pages = 0] = inputs.page_table?.shape ?? [];
  return { sequences, context: pages * PAGE_ROWS };
};
