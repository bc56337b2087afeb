import { cpuBackend } from "@tensorplan/backend-cpu";
import { referenceBackend } from "@tensorplan/backend-reference";
import { assembleStep, compareBackends, Engine, fileSource, planModel } from "@tensorplan/runtime";
import { expect, test } from "vitest";
import { referenceFile, someTokens } from "./support.ts";

/** One prompt's step on a model, both backends. */
async function compareOn(model: string | undefined, lowerings: Readonly<Record<string, string>>) {
  const options = { model, contextLength: 128, microBatch: 64, maxOutputs: 64, backend: "cpu" } as const;
  const { graph, ops, file } = await planModel(options);
  if (file === undefined) throw new Error("planned from a file");
  const engine = await Engine.load(options);
  const sequence = engine.sequence();
  const tokens = someTokens(37, 384);
  sequence.reserve(tokens.length);
  const { inputs, symbols } = assembleStep([{ sequence, tokens, outputs: 37 }], 128);
  const backends = [cpuBackend, referenceBackend] as const;
  const differences = await compareBackends({
    graph,
    ops,
    backends,
    source: fileSource(file),
    inputs,
    symbols,
    lowerings,
  });
  await engine.dispose();
  return differences;
}

for (const lowering of ["absorbed", "decompressed"]) {
  test(`every node of rand-deepseek3 is near the reference, attention ${lowering}`, async () => {
    const differences = await compareOn(referenceFile("rand-deepseek3.gguf"), { mla_attention: lowering });
    expect(differences.length).toBeGreaterThan(40);
    expect(
      differences.some(({ value }) => value.includes(lowering === "absorbed" ? "absorb" : "decompressed")),
    ).toBe(true);
    expect(differences.filter(({ relative }) => relative > 2e-3)).toEqual([]);
    expect(differences.at(-1)?.value).toBe("logits");
  });
}

test("every node of rand-llama and rand-qwen3moe is near the reference", async () => {
  for (const name of ["rand-llama.gguf", "rand-qwen3moe.gguf"]) {
    const differences = await compareOn(referenceFile(name), {});
    expect(differences.filter(({ relative }) => relative > 2e-3)).toEqual([]);
  }
});
