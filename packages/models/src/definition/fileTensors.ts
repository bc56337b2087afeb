import type { GgufFile } from "../gguf/openGguf.ts";
import type { TensorTable } from "./weights.ts";

/** A file's tensors as model definitions see them. */
export const fileTensors = (file: GgufFile): TensorTable => ({
  get(name) {
    const tensor = file.tensors.get(name);
    return (
      tensor && {
        shape: tensor.shape,
        dtype: tensor.dtype,
        typeName: tensor.type?.name ?? `type ${tensor.ggmlTypeId}`,
      }
    );
  },
});
