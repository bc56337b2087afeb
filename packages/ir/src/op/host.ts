import { type DType, dtypes, rowBytes } from "../dtype/index.ts";
import { TensorplanError } from "../errors.ts";
import type { HostTensor } from "./op.ts";

export const countOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Size of the fastest axis; 1 for a scalar. */
export const widthOf = (shape: readonly number[]): number => shape.at(-1) ?? 1;

/** Number of rows along the fastest axis. */
export const rowsOf = (shape: readonly number[]): number => countOf(shape.slice(0, -1));

export const hostTensor = (dtype: DType, shape: readonly number[], data?: Iterable<number>): HostTensor => {
  const count = countOf(shape);
  const values = dtype === "i32" ? new Int32Array(count) : new Float32Array(count);
  if (data !== undefined) {
    const given = [...data];
    if (given.length !== count) {
      throw new TensorplanError({
        code: "host/size",
        message: `a tensor of shape [${shape.join(", ")}] holds ${count} values, but ${given.length} were given`,
      });
    }
    values.set(given);
  }
  return { dtype, shape, data: values };
};

const wrongArray = (tensor: HostTensor, wanted: string): never => {
  throw new TensorplanError({
    code: "host/element-type",
    message: `a ${tensor.dtype} tensor was read as ${wanted}`,
  });
};

/** The values of a float tensor. */
export const floats = (tensor: HostTensor): Float32Array =>
  tensor.data instanceof Float32Array ? tensor.data : wrongArray(tensor, "floats");

/** The values of an index tensor. */
export const indices = (tensor: HostTensor): Int32Array =>
  tensor.data instanceof Int32Array ? tensor.data : wrongArray(tensor, "indices");

/** Rounds `values`, rows of `columns`, in place to what `dtype` can hold. */
export function roundTo(dtype: DType, values: Float32Array, columns: number): void {
  if (dtype === "f32" || values.length === 0) return;
  const { encode, decode } = dtypes[dtype];
  const bytes = new Uint8Array((values.length / columns) * rowBytes(dtype, columns));
  encode(values, bytes, columns);
  decode(bytes, values, columns);
}

/** Copies where source and target don't already share memory: outputs that alias an input may be either. */
export function copyInto(from: HostTensor, to: HostTensor): void {
  if (from.data !== to.data) to.data.set(from.data);
}
