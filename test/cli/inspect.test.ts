import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { reference, temporaryFolder, tensorplan } from "./support.ts";

const folder = temporaryFolder();

describe("inspect", () => {
  test("shows the metadata and tensors of the model that comes along", async () => {
    const { code, stdout, stderr } = await tensorplan(["inspect"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toContain("18.53 M parameters");
    expect(stdout).toMatch(/^deepseek2\.block_count +u32 +6$/m);
    expect(stdout).toMatch(/^tokenizer\.ggml\.tokens +string\[4096\] +"<bos>", "<eos>"/m);
    expect(stdout).toMatch(/^blk\.0\.attn_q\.weight +iq4_nl +\[768, 256\] +110592 +1249184$/m);
  });

  test("prints everything as JSON, shapes slowest axis first", async () => {
    const { stdout } = await tensorplan(["inspect", "--json", reference("rand-llama.gguf")]);
    const shown = JSON.parse(stdout);
    expect(shown.metadata["general.architecture"]).toBe("llama");
    expect(shown.metadata["tokenizer.ggml.tokens"]).toHaveLength(384);
    expect(shown.tensors.find(({ name }: { name: string }) => name === "token_embd.weight")).toMatchObject({
      shape: [384, 256],
      type: "f16",
      bytes: 384 * 256 * 2,
    });
  });

  test("shows one half when asked for it", async () => {
    const { stdout } = await tensorplan(["inspect", "--tensors"]);
    expect(stdout).toContain("blk.5.ffn_norm.weight");
    expect(stdout).not.toContain("deepseek2.block_count");
  });

  test("has no colour codes where no terminal is", async () => {
    expect((await tensorplan(["inspect"])).stdout).not.toContain("\u001b[");
  });

  test.each([
    ["isn't there", join(folder, "none.gguf"), "gguf/unreadable"],
    ["is a folder", folder, "gguf/unreadable"],
    ["isn't GGUF", join(folder, "text.gguf"), "gguf/"],
    ["is empty", join(folder, "empty.gguf"), "gguf/"],
  ])("a file that %s is one error with a code and a hint", async (_, path, errorCode) => {
    writeFileSync(join(folder, "text.gguf"), "once upon a time there was no model");
    writeFileSync(join(folder, "empty.gguf"), "");
    const { code, stdout, stderr } = await tensorplan(["inspect", path]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(new RegExp(`^error\\[${errorCode}`));
    expect(stderr).toContain("hint");
    expect(stderr).not.toContain("    at ");
  });
});
