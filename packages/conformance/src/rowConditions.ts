import type { DeviceProfile, KernelPredicate, KernelRow, WorkspaceTerm } from "@tensorplan/backend-api";
import { canonicalJson, type JsonObject, TensorplanError } from "@tensorplan/ir";

/** Sizes of operands and outputs by name, slowest axis first. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** The number that `"x.-1"`, `"x.0"`, `"x.rows"`, `"x.rank"` names; `undefined` where the operand or the axis is absent. */
function dimOf(dim: string, shapes: Shapes): number | undefined {
  const dot = dim.lastIndexOf(".");
  const shape = shapes[dim.slice(0, dot)];
  const which = dim.slice(dot + 1);
  if (shape === undefined) return undefined;
  if (which === "rows") return shape.slice(0, -1).reduce((product, n) => product * n, 1);
  return which === "rank" ? shape.length : shape.at(Number(which));
}

function holds(predicate: KernelPredicate, attrs: JsonObject, shapes: Shapes): boolean {
  if (predicate.kind === "attr") {
    const value = canonicalJson(attrs[predicate.name] ?? null);
    return predicate.oneOf.some((allowed) => canonicalJson(allowed) === value);
  }
  if (predicate.kind === "present") return Object.hasOwn(shapes, predicate.operand) === predicate.present;
  const { dim, multipleOf = 1, min = 0, max = Number.POSITIVE_INFINITY } = predicate;
  const size = dimOf(dim, shapes);
  if (size === undefined) return !Object.hasOwn(shapes, dim.slice(0, dim.lastIndexOf(".")));
  return size % multipleOf === 0 && size >= min && size <= max;
}

/** Whether the row takes a node with these attributes and sizes. */
export const rowHolds = (row: KernelRow, attrs: JsonObject, shapes: Shapes): boolean =>
  row.when.every((predicate) => holds(predicate, attrs, shapes));

/** Rows that the device can run now. */
export const readyRows = ({ kernels, features }: DeviceProfile): readonly KernelRow[] =>
  kernels.filter(
    ({ status, requires }) => status === "ready" && requires.every((feature) => features.includes(feature)),
  );

export const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

function termBytes(row: KernelRow, { bytes, per = 1, dims }: WorkspaceTerm, shapes: Shapes, threads: number) {
  let product = bytes;
  for (const dim of dims) {
    const size = dim === "threads" ? threads : dimOf(dim, shapes);
    if (size === undefined) {
      throw new TensorplanError({
        code: "conformance/dimension",
        message: `the work area of kernel '${row.name}' depends on '${dim}', which the node doesn't have`,
        hint: "name a dimension of an operand that every node of this kernel has",
      });
    }
    product *= size;
  }
  return align(Math.ceil(product / per));
}

/** Bytes of work area that the row asks for. */
export const workspaceBytes = (row: KernelRow, shapes: Shapes, threads: number): number =>
  row.workspace.reduce((sum, term) => sum + termBytes(row, term, shapes, threads), 0);
