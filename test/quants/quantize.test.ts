import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DType, dtypes } from "@tensorplan/ir";
import {
  type GgufFile,
  openGguf,
  quantizeTypes,
  type TensorToWrite,
  tensorValues,
  writeGguf,
} from "@tensorplan/models";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder, tensorplan } from "../cli/support.ts";
import { COLUMNS, readSource, readVectors } from "./vectors.ts";

const folder = temporaryFolder();
const model = join(folder, "model.gguf");
const source = readSource();
const rms = new Map(readVectors().map((vector) => [vector.type as string, vector.rms]));

const f32 = (name: string, shape: readonly number[], values: Float32Array): TensorToWrite => ({
  name,
  shape,
  type: "f32",
  data: new Uint8Array(values.slice().buffer),
});

const tensors: readonly TensorToWrite[] = [
  f32("blk.0.ffn_up.weight", [16, COLUMNS], source),
  f32("blk.0.ffn_up_exps.weight", [2, 8, COLUMNS], source),
  f32("token_embd.weight", [16, COLUMNS], source),
  f32("odd_rows.weight", [2, 3, 256], source.subarray(0, 1536)),
  f32("short.weight", [16, 32], source.subarray(0, 512)),
  f32("shorter.weight", [2, 10], source.subarray(0, 20)),
  f32("blk.0.attn_norm.weight", [COLUMNS], source.subarray(0, COLUMNS)),
  f32("blk.0.ffn_gate_inp.weight", [4, 256], source.subarray(0, 1024)),
];

beforeAll(async () => {
  await writeGguf(
    model,
    new Map([
      ["general.name", { type: "string", value: "a model" }],
      ["split.count", { type: "u16", value: 0 }],
    ]),
    tensors,
  );
});

const typesOf = (file: GgufFile) =>
  Object.fromEntries([...file.tensors].map(([name, { dtype }]) => [name, dtype]));

async function valuesOf(file: GgufFile, name: string): Promise<Float32Array> {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) throw new Error(name);
  const parts: number[] = [];
  for await (const part of tensorValues(file, tensor)) parts.push(...part);
  return Float32Array.from(parts);
}

describe.each(Object.entries(quantizeTypes))("quantize to %s", (type, plain) => {
  test("gives matrices that type, with no more error than the format's own quantiser", async () => {
    const path = join(folder, `${type}.gguf`);
    const { code, stdout } = await tensorplan(["quantize", model, path, type.toUpperCase(), "--json"]);
    expect(code).toBe(0);
    const file = await openGguf(path);
    const short =
      plain === "q5_k" || plain === "q6_k" ? "q8_0" : dtypes[plain].blockSize === 32 ? plain : "iq4_nl";
    expect(typesOf(file)).toEqual({
      "blk.0.ffn_up.weight": type,
      "blk.0.ffn_up_exps.weight": type,
      "token_embd.weight": plain,
      "odd_rows.weight": plain,
      // Sixteen rows are whole groups of four and of eight.
      "short.weight": dtypes[plain].blockSize === 32 ? type : short,
      "shorter.weight": "f16",
      "blk.0.attn_norm.weight": "f32",
      "blk.0.ffn_gate_inp.weight": "f32",
    });
    for (const name of ["blk.0.ffn_up.weight", "blk.0.ffn_up_exps.weight"]) {
      const values = await valuesOf(file, name);
      const error = values.reduce((sum, value, i) => sum + (value - (source[i] as number)) ** 2, 0);
      const norm = source.reduce((sum, value) => sum + value * value, 0);
      expect(Math.sqrt(error / norm)).toBeLessThanOrEqual((rms.get(type) as number) * 1.02);
    }
    expect(JSON.parse(stdout).error).toBeLessThanOrEqual((rms.get(type) as number) * 1.05);
    expect(file.metadata.has("split.count")).toBe(false);
    expect(file.metadata.get("general.name")).toEqual({ type: "string", value: "a model" });
  });
});

test("any number of threads writes the same bytes", async () => {
  const hashes = await Promise.all(
    [1, 2].map(async (threads) => {
      const path = join(folder, `threads-${threads}.gguf`);
      await tensorplan(["quantize", "-t", String(threads), model, path, "iq4_k"]);
      return valuesOf(await openGguf(path), "blk.0.ffn_up.weight");
    }),
  );
  expect(hashes[1]).toEqual(hashes[0]);
});

test("a file that was quantised already is noted", async () => {
  const [first, second] = [join(folder, "first.gguf"), join(folder, "second.gguf")];
  await tensorplan(["quantize", model, first, "q8_0_r8"]);
  const { stderr } = await tensorplan(["quantize", first, second, "q4_0"]);
  expect(stderr).toMatch(/note: \d+ tensors were quantised already/);
});

test("bad input is one error, and nothing is left behind", async () => {
  const [broken, unreadable] = [join(folder, "nan.gguf"), join(folder, "iq2_xxs.gguf")];
  await writeGguf(broken, new Map(), [f32("a.weight", [2, 256], new Float32Array(512).fill(Number.NaN))]);
  const low: DType = "iq2_xxs";
  await writeGguf(unreadable, new Map(), [
    { name: "a.weight", shape: [1, 256], type: low, data: new Uint8Array(66) },
  ]);
  writeFileSync(join(folder, "text.gguf"), "no model");
  const out = join(folder, "out.gguf");
  for (const [args, code] of [
    [[broken, out, "q4_k"], "gguf/not-finite"],
    [["-t", "2", broken, out, "q4_k"], "gguf/not-finite"],
    [[unreadable, out, "q4_k"], "gguf/unsupported-type"],
    [[join(folder, "text.gguf"), out, "q4_k"], "gguf/"],
    [[model, model, "q4_k"], "quantize/same-file"],
    [[model, join(folder, "none", "x.gguf"), "q4_k"], "gguf/unwritable"],
  ] as const) {
    const outcome = await tensorplan(["quantize", ...args]);
    expect([outcome.code, outcome.stdout]).toEqual([1, ""]);
    expect(outcome.stderr).toMatch(new RegExp(`^error\\[${code}`));
  }
  const unknown = await tensorplan(["quantize", model, out, "q3_k"]);
  expect(unknown.code).not.toBe(0);
  expect(unknown.stderr).toContain("Give one of q8_0, q4_0");
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp") || name === "out.gguf")).toEqual([]);
});

test("stops when it is told to", async () => {
  const controller = new AbortController();
  controller.abort();
  const path = join(folder, "stopped.gguf");
  const { code } = await tensorplan(["quantize", model, path, "q4_k"], { signal: controller.signal });
  expect(code).not.toBe(0);
  expect(readdirSync(folder)).not.toContain("stopped.gguf");
});
