import { type GgmlType, ggmlTypeByName } from "@tensorplan/models";
import { denseStrides, type Four, type GgmlOp, type GgmlTensor, sizes } from "./tensor.ts";

/** Longest name that a ggml tensor keeps, in characters. */
const NAME_LIMIT = 63;

const typeNamed = (name: string): GgmlType => {
  const type = ggmlTypeByName(name);
  if (type === undefined) throw new RangeError(`ggml type '${name}' isn't listed`);
  return type;
};

export const f32 = typeNamed("f32");
export const f16 = typeNamed("f16");
export const i32 = typeNamed("i32");
export const i64 = typeNamed("i64");

export function named(tensor: GgmlTensor, name: string): GgmlTensor {
  tensor.name = name.slice(0, NAME_LIMIT);
  return tensor;
}

/** A result of its own, dense in memory, still without a name. */
export function result(
  op: GgmlOp,
  type: GgmlType,
  ne: Four,
  src: readonly GgmlTensor[],
  name = "",
): GgmlTensor {
  return { name: name.slice(0, NAME_LIMIT), op, type, ne, nb: denseStrides(type, ne), src };
}

const derived = (from: GgmlTensor, how: string) => `${from.name} (${how})`.slice(0, NAME_LIMIT);

const aliasing = (
  from: GgmlTensor,
  op: GgmlOp,
  how: string,
  ne: Four,
  nb: Four,
  src: readonly GgmlTensor[] = [from],
): GgmlTensor => ({
  name: derived(from, how),
  op,
  type: from.type,
  ne,
  nb,
  src,
  viewOf: from.viewOf ?? from,
});

/** Some elements of `a`: sizes, and strides of the axes from the second on. */
export const view = (
  a: GgmlTensor,
  ne: Four,
  [nb1, nb2, nb3]: readonly [number, number, number],
): GgmlTensor => aliasing(a, "VIEW", "view", ne, [a.nb[0], nb1, nb2, nb3]);

export const reshape = (a: GgmlTensor, ne: Four): GgmlTensor =>
  aliasing(a, "RESHAPE", "reshaped", ne, denseStrides(a.type, ne));

/** `axes[i]` is the place that axis i of `a` moves to. */
export function permute(a: GgmlTensor, axes: Four): GgmlTensor {
  const ne = [...a.ne] as [number, number, number, number];
  const nb = [...a.nb] as [number, number, number, number];
  for (const [from, to] of axes.entries()) {
    ne[to] = a.ne[from] as number;
    nb[to] = a.nb[from] as number;
  }
  return aliasing(a, "PERMUTE", "permuted", ne, nb);
}

export const transpose = (a: GgmlTensor): GgmlTensor =>
  aliasing(
    a,
    "TRANSPOSE",
    "transposed",
    [a.ne[1], a.ne[0], a.ne[2], a.ne[3]],
    [a.nb[1], a.nb[0], a.nb[2], a.nb[3]],
  );

export const cont = (a: GgmlTensor, ne: Four = a.ne): GgmlTensor =>
  result("CONT", a.type, ne, [a], derived(a, "cont"));

export const cast = (a: GgmlTensor, type: GgmlType): GgmlTensor =>
  result("CPY", type, a.ne, [a], derived(a, "copy"));

/** A result with the shape of its first operand. */
export const alike = (op: GgmlOp, a: GgmlTensor, ...more: readonly GgmlTensor[]): GgmlTensor =>
  result(op, a.type, a.ne, [a, ...more]);

export const mulMat = (weight: GgmlTensor, x: GgmlTensor): GgmlTensor =>
  result("MUL_MAT", f32, [weight.ne[1], x.ne[1], x.ne[2], x.ne[3]], [weight, x]);

/** Experts `[in, out, experts]`, inputs `[in, 1 or used, tokens]`, choice `[used, tokens]` → `[out, used, tokens]`. */
export const mulMatId = (experts: GgmlTensor, x: GgmlTensor, chosen: GgmlTensor): GgmlTensor =>
  result("MUL_MAT_ID", f32, [experts.ne[1], chosen.ne[0], x.ne[2], 1], [experts, x, chosen]);

export const getRows = (table: GgmlTensor, rows: GgmlTensor): GgmlTensor =>
  result(
    "GET_ROWS",
    table.type.name === "i32" ? i32 : f32,
    [table.ne[0], rows.ne[0], rows.ne[1], rows.ne[2]],
    [table, rows],
  );

/** Writes `rows` into `into` at the places `at`. What comes out is `into` itself. */
export const setRows = (into: GgmlTensor, rows: GgmlTensor, at: GgmlTensor): GgmlTensor =>
  aliasing(into, "SET_ROWS", "view", into.ne, into.nb, [rows, at, into]);

export const concat = (a: GgmlTensor, b: GgmlTensor): GgmlTensor =>
  result("CONCAT", a.type, [a.ne[0] + b.ne[0], a.ne[1], a.ne[2], a.ne[3]], [a, b]);

export const sumRows = (a: GgmlTensor): GgmlTensor =>
  result("SUM_ROWS", a.type, sizes(1, a.ne[1], a.ne[2], a.ne[3]), [a]);

/** Numbers of the `k` largest of each row: a view of a sorted whole. */
export function topK(a: GgmlTensor, k: number): GgmlTensor {
  const sorted = result("ARGSORT", i32, a.ne, [a]);
  return view(sorted, [k, a.ne[1], a.ne[2], a.ne[3]], [sorted.nb[1], sorted.nb[2], sorted.nb[3]]);
}

/** Queries `[key, tokens, heads]`, keys `[key, context, groups]`, values `[value, context, groups]` → `[value, heads, tokens]`. */
export const flashAttention = (q: GgmlTensor, k: GgmlTensor, v: GgmlTensor, mask: GgmlTensor): GgmlTensor =>
  result("FLASH_ATTN_EXT", f32, [v.ne[0], q.ne[2], q.ne[1], q.ne[3]], [q, k, v, mask]);

/** Something that each step brings. */
export const stepInput = (name: string, type: GgmlType, ne: Four): GgmlTensor => ({
  ...result("NONE", type, ne, [], name),
  input: true,
});
