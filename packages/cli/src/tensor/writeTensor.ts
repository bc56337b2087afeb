import { resolve } from "node:path";
import { dtypes, TensorplanError } from "@tensorplan/ir";
import { type GgufFile, type GgufTensor, tensorValues } from "@tensorplan/models";
import { nearNames } from "@tensorplan/scheduler";
import type { CliContext } from "../cliContext.ts";
import { coloursFor } from "../output/colours.ts";
import { progressBar } from "../output/progress.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { bytes } from "../output/units.ts";
import { writeWholeFile } from "../output/writeFile.ts";

/**
 * Writes a tensor's values to a file: little-endian f32 in row order, also where the file interleaves rows.
 * @throws TensorplanError `cli/tensor-output`, `cli/unknown-tensor`, `cli/same-file`, `cli/unwritable`, `cli/disk-full`, `gguf/…`
 */
export async function writeTensor(
  file: GgufFile,
  name: string | undefined,
  path: string | undefined,
  json: boolean,
  context: CliContext,
): Promise<void> {
  if (name === undefined || path === undefined) throw bothNeeded();
  if (file.paths.some((part) => resolve(part) === resolve(path))) throw sameFile(path);
  const tensor = file.tensors.get(name) ?? unknownTensor(file, name);
  const total = tensor.shape.reduce((product, n) => product * n, 1);
  const progress = await progressBar(context.stderr, `reading ${name}`);
  try {
    await writeWholeFile(
      path,
      async (out) => {
        let done = 0;
        for await (const values of tensorValues(file, tensor)) {
          context.signal.throwIfAborted();
          const encoded = new Uint8Array(values.length * 4);
          dtypes.f32.encode(values, encoded, values.length);
          await out.appendFile(encoded);
          done += values.length;
          progress.update(done, total);
        }
      },
      context.signal,
    );
  } finally {
    progress.stop();
  }
  await report(tensor, path, total, json, context);
}

async function report(
  { name, shape, type }: GgufTensor,
  path: string,
  values: number,
  json: boolean,
  context: CliContext,
): Promise<void> {
  if (json) {
    return await writeJson(context.stdout, {
      path,
      tensor: name,
      type: type?.name,
      shape,
      bytes: values * 4,
    });
  }
  const { bold } = coloursFor(context.stderr, context.env);
  await writeTo(
    context.stderr,
    `${bold(path)}: ${name}, [${shape.join(", ")}] of ${type?.name} as f32, ${bytes(values * 4)}\n`,
  );
}

const sameFile = (path: string) =>
  new TensorplanError({
    code: "cli/same-file",
    message: `${path} is the model itself, which the values would replace`,
    hint: "give -o another name",
  });

const bothNeeded = () =>
  new TensorplanError({
    code: "cli/tensor-output",
    message: "--tensor says which values are written and -o where to: one doesn't do without the other",
    hint: "type both, as in --tensor output.weight -o output.f32",
  });

function unknownTensor(file: GgufFile, name: string): never {
  const near = nearNames(name, [...file.tensors.keys()]);
  throw new TensorplanError({
    code: "cli/unknown-tensor",
    message: `the file has no tensor '${name}'`,
    hint:
      near.length === 0
        ? "`tensorplan inspect FILE --tensors` lists them all"
        : `did you mean ${near.map((each) => `'${each}'`).join(" or ")}?`,
    details: { tensor: name, near: near.join(", ") },
  });
}
