import type { GgmlType } from "@tensorplan/models";

/** Operations that the graphs use, by the names that ggml's scheduler prints. */
export type GgmlOp =
  | "NONE"
  | "VIEW"
  | "RESHAPE"
  | "PERMUTE"
  | "TRANSPOSE"
  | "GET_ROWS"
  | "SET_ROWS"
  | "RMS_NORM"
  | "MUL"
  | "ADD"
  | "DIV"
  | "SCALE"
  | "CLAMP"
  | "FILL"
  | "SUM_ROWS"
  | "MUL_MAT"
  | "MUL_MAT_ID"
  | "ROPE"
  | "CONCAT"
  | "CONT"
  | "CPY"
  | "SOFT_MAX"
  | "SIGMOID"
  | "SWIGLU"
  | "ARGSORT"
  | "FLASH_ATTN_EXT";

/** Sizes or strides of four axes, fastest first, as ggml keeps them. */
export type Four = readonly [number, number, number, number];

/** Where a tensor that exists before the graph lies. */
export interface GgmlBuffer {
  readonly use: "weights" | "cache";
  /** Buffer type as ggml names it: `CPU`, `CUDA_Host`, `CUDA0`. */
  readonly type: string;
}

/** A value of a ggml graph. Unlike our own graphs' values it is known by its identity; names may be empty or repeat. */
export interface GgmlTensor {
  name: string;
  readonly op: GgmlOp;
  readonly type: GgmlType;
  /** Sizes in elements, fastest axis first. */
  readonly ne: Four;
  /** Strides in bytes, of a block along the first axis. */
  readonly nb: Four;
  readonly src: readonly GgmlTensor[];
  /** The tensor whose bytes these are, never itself a view. */
  readonly viewOf?: GgmlTensor | undefined;
  readonly buffer?: GgmlBuffer | undefined;
  /** Brought by the caller at each step. */
  readonly input?: true;
  /** Device that the program asked for before scheduling, and why. */
  pinned?: { readonly device: string; readonly why: string };
}

/** The tensor whose bytes these are: itself, where it isn't a view. */
export const rootOf = (tensor: GgmlTensor): GgmlTensor => tensor.viewOf ?? tensor;

export const sizes = (a: number, b = 1, c = 1, d = 1): Four => [a, b, c, d];

/** Bytes of `n` elements in a row. */
export const rowSize = (type: GgmlType, n: number): number => (n / type.blockSize) * type.blockBytes;

export function denseStrides(type: GgmlType, ne: Four): Four {
  const row = rowSize(type, ne[0]);
  return [type.blockBytes, row, row * ne[1], row * ne[1] * ne[2]];
}

/** Bytes from the first element to behind the last: gaps between rows count, as in ggml. */
export function tensorBytes({ type, ne, nb }: GgmlTensor): number {
  if (ne.some((n) => n <= 0)) return 0;
  const first = type.blockSize === 1 ? type.blockBytes + (ne[0] - 1) * nb[0] : rowSize(type, ne[0]);
  return first + (ne[1] - 1) * nb[1] + (ne[2] - 1) * nb[2] + (ne[3] - 1) * nb[3];
}

/** Rows along the first axis. */
export const rowsOf = ({ ne }: GgmlTensor): number => ne[1] * ne[2] * ne[3];

/** Views compute nothing, so the scheduler passes them over. */
export const isView = ({ op }: GgmlTensor): boolean =>
  op === "NONE" || op === "VIEW" || op === "RESHAPE" || op === "PERMUTE" || op === "TRANSPOSE";

/** Whether elements lie one behind the other; axes up to `loose` may have gaps behind them. */
export function isContiguous({ ne, nb, type }: GgmlTensor, loose = 0): boolean {
  if (ne[0] !== type.blockSize && nb[0] !== type.blockBytes) return false;
  let next = rowSize(type, ne[0]);
  for (const axis of [1, 2, 3] as const) {
    if (axis > loose) {
      if (ne[axis] !== 1 && nb[axis] !== next) return false;
      next *= ne[axis];
    } else next = ne[axis] * nb[axis];
  }
  return true;
}
