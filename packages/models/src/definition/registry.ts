import { TensorplanError } from "@tensorplan/ir";
import { deepseek2 } from "../deepseek2/model.ts";
import { llama } from "../llama/model.ts";
import { qwen3 } from "../qwen3/model.ts";
import { qwen3moe } from "../qwen3moe/model.ts";
import type { Metadata } from "./metadata.ts";
import type { Model, ModelDefinition } from "./model.ts";
import type { TensorTable } from "./weights.ts";

/** The architectures that come with Tensorplan. */
export const modelDefinitions: readonly ModelDefinition[] = [deepseek2, llama, qwen3, qwen3moe];

/**
 * Reads a model from a file's metadata and tensors.
 * @param definitions architectures to choose from; pass your own beside `modelDefinitions`
 * @throws TensorplanError `model/architecture-unknown`
 */
export function readModel(
  metadata: Metadata,
  tensors: TensorTable,
  definitions: readonly ModelDefinition[] = modelDefinitions,
): Model {
  const entry = metadata.get("general.architecture");
  const architecture = entry?.type === "string" ? entry.value : undefined;
  const definition = definitions.find((known) => known.architecture === architecture);
  if (definition === undefined) {
    throw new TensorplanError({
      code: "model/architecture-unknown",
      message:
        architecture === undefined
          ? "the file doesn't say what architecture it is (general.architecture)"
          : `no model definition is known for the architecture '${architecture}'`,
      hint: `known: ${definitions.map((known) => known.architecture).join(", ")}; others can be defined in TypeScript`,
    });
  }
  return definition.read(metadata, tensors);
}
