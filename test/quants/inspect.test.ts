import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TensorToWrite, writeGguf } from "@tensorplan/models";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder, tensorplan } from "../cli/support.ts";
import { COLUMNS, ROWS, readVectors } from "./vectors.ts";

const folder = temporaryFolder();
const model = join(folder, "types.gguf");
const vectors = readVectors();

beforeAll(async () => {
  const tensors: readonly TensorToWrite[] = vectors.map(({ type, packed }) => ({
    name: `of.${type}`,
    shape: [2, ROWS / 2, COLUMNS],
    type,
    data: packed,
  }));
  const sizeOnly = {
    name: "of.iq2_xxs",
    shape: [1, 256],
    type: "iq2_xxs",
    data: new Uint8Array(66),
  } as const;
  const odd = { name: "odd.q4_k_r4", shape: [3, 256], type: "q4_k_r4", data: new Uint8Array(432) } as const;
  await writeGguf(model, new Map(), [...tensors, sizeOnly, odd]);
});

describe("inspect --tensor", () => {
  test.each(vectors)("$type", async ({ type, sha256 }) => {
    const path = join(folder, `${type}.f32`);
    const { code, stderr } = await tensorplan(["inspect", model, "--tensor", `of.${type}`, "-o", path]);
    expect(stderr).toContain(`[2, 4, 512] of ${type} as f32, 16.00 KiB`);
    expect(code).toBe(0);
    expect(createHash("sha256").update(readFileSync(path)).digest("hex")).toBe(sha256);
  });

  test("says as JSON what it wrote, and leaves no temporary file", async () => {
    const path = join(folder, "json.f32");
    const { stdout } = await tensorplan(["inspect", model, "--tensor", "of.q6_k", "-o", path, "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      path,
      tensor: "of.q6_k",
      type: "q6_k",
      shape: [2, 4, 512],
      bytes: 16384,
    });
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test.each([
    [["--tensor", "of.q4_kk", "-o", "x.f32"], "cli/unknown-tensor", "did you mean 'of.q4_k'"],
    [["--tensor", "something else", "-o", "x.f32"], "cli/unknown-tensor", "lists them all"],
    [["--tensor", "of.q4_k"], "cli/tensor-output", "type both"],
    [["-o", "x.f32"], "cli/tensor-output", "type both"],
    [["--tensor", "of.q4_k", "-o", "./types.gguf"], "cli/same-file", "another name"],
    [["--tensor", "of.iq2_xxs", "-o", "x.f32"], "gguf/unreadable-type", "iq4_k"],
    [["--tensor", "odd.q4_k_r4", "-o", "x.f32"], "dtype/partial-rows", "interleaves"],
    [["--tensor", "of.q4_k", "-o", "none/x.f32"], "cli/unwritable", "check the path"],
  ])("%j is one error", async (flags, errorCode, hint) => {
    const args = flags.map((word) =>
      word.endsWith("x.f32") || word.endsWith(".gguf") ? join(folder, word) : word,
    );
    const { code, stdout, stderr } = await tensorplan(["inspect", model, ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^error\\[${errorCode}\\]`));
    expect(stderr).toContain(hint);
    expect(existsSync(join(folder, "x.f32"))).toBe(false);
  });
});
