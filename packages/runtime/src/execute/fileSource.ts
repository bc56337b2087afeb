import type { TensorSource } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { type GgufFile, readTensorBytes, requireDType } from "@tensorplan/models";

/** A file's tensors as backends read them. */
export const fileSource =
  (file: GgufFile) =>
  (name: string): TensorSource => {
    const tensor = file.tensors.get(name);
    if (tensor === undefined) {
      throw new TensorplanError({
        code: "engine/tensor-missing",
        message: `the file has no tensor '${name}', which the plan places`,
        hint: "make the plan from the same file",
      });
    }
    return {
      name,
      dtype: requireDType(tensor),
      shape: tensor.shape,
      bytes: tensor.bytes,
      path: file.paths[tensor.file] as string,
      offset: tensor.offset,
      readRows: (first, count) =>
        readTensorBytes(file, tensor, undefined, { start: first, end: first + count }),
    };
  };
