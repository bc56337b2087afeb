import { TensorplanError } from "@tensorplan/ir";
import {
  type Deepseek2Config,
  type GgmlType,
  type Metadata,
  readDeepseek2Config,
  type TensorTable,
} from "@tensorplan/models";

/** One tensor of a model file. Shape: slowest axis first. */
export interface FileTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: GgmlType;
}

/** A model as llama.cpp would read it: settings, and tensors in the file's order. */
export interface LlamaModel {
  readonly name: string;
  readonly config: Deepseek2Config;
  readonly tensors: readonly FileTensor[];
}

/** Types with larger numbers are ik_llama.cpp's own. */
const LAST_SHARED_TYPE = 99;

/**
 * Reads what the emulation needs of a model.
 *
 * @throws TensorplanError `ggml/no-graph` for an architecture whose graph isn't written down here; `ggml/joint-kv-b` for files that store
 * keys and values as one matrix; `ggml/unknown-type` for types that llama.cpp can't load; `model/metadata-…`
 */
export function llamaModel(name: string, metadata: Metadata, tensors: readonly FileTensor[]): LlamaModel {
  const { value: architecture } = metadata.get("general.architecture") ?? { value: "" };
  if (architecture !== "deepseek2") {
    throw new TensorplanError({
      code: "ggml/no-graph",
      message: `--policy ggml knows how llama.cpp builds the graphs of deepseek2 models; ${name} is ${typeof architecture === "string" && architecture !== "" ? architecture : "of no stated architecture"}`,
      hint: "plan it with --policy rules, or choose a DeepSeek V2, V3, R1 or Kimi K2 model",
    });
  }
  const foreign = tensors.find(({ type }) => type.id > LAST_SHARED_TYPE);
  if (foreign !== undefined) {
    throw new TensorplanError({
      code: "ggml/unknown-type",
      message: `llama.cpp can't load '${foreign.name}': its type ${foreign.type.name} is ik_llama.cpp's own`,
      hint: "--policy ggml emulates llama.cpp; plan this type with --policy rules, or choose another such as iq4_nl",
    });
  }
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const table: TensorTable = {
    get: (wanted) => {
      const found = byName.get(wanted);
      return found && { shape: found.shape, dtype: found.type.dtype, typeName: found.type.name };
    },
  };
  if (!byName.has("blk.0.attn_k_b.weight")) {
    throw new TensorplanError({
      code: "ggml/joint-kv-b",
      message: `${name} stores keys and values of its latent as one matrix (attn_kv_b); --policy ggml knows the graph for attn_k_b and attn_v_b only`,
      hint: "convert the model again with a current llama.cpp, which splits them",
    });
  }
  return { name, config: readDeepseek2Config(metadata, table), tensors };
}
