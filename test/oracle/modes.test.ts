import { Engine, type PlanModelOptions } from "@tensorplan/runtime";
import { mlaModes } from "@tensorplan/scheduler";
import { describe, expect, test } from "vitest";
import { compareLogits, firstGreedyDifference } from "./compare.ts";
import { type ReferenceModel, referenceModels } from "./reference.ts";

const cacheTypes = ["f32", "f16", "q8_0"] as const;

interface ModeCase {
  readonly mla: (typeof mlaModes)[number];
  readonly cache: (typeof cacheTypes)[number];
  readonly flash: boolean;
  readonly fused: boolean;
}

/** Every pair of mode, cache type, flash attention and fused experts, in as many runs as there are modes and cache types. */
const cases: readonly ModeCase[] = mlaModes.flatMap((mla, i) =>
  cacheTypes.map((cache, j) => ({ mla, cache, flash: (i + j) % 2 === 1, fused: j > 0 !== (i % 2 === 1) })),
);

const optionsOf = (model: ReferenceModel, { mla, cache, flash, fused }: ModeCase): PlanModelOptions => ({
  model: model.path,
  backend: "cpu",
  contextLength: 1024,
  microBatch: 512,
  cacheDType: cache,
  lowering: { mla, flashAttention: { prefill: flash, decode: flash }, fusedExperts: fused },
});

/** Long enough for modes that expand keys and values, and one that isn't; their greedy texts have few ties. */
const prompts = ["rand200", "p200", "text", "short"];

/** Modes only agree as far as the cache keeps what they read. The random model flips a tie of its router with small errors. */
const bounds: Readonly<Record<ModeCase["cache"], { readonly mean: number; readonly topShare: number }>> = {
  f32: { mean: 1e-5, topShare: 1 },
  f16: { mean: 2e-3, topShare: 0.99 },
  q8_0: { mean: 0.5, topShare: 0.9 },
};

/** What a run of one model gets wrong; nothing where it agrees with the reference. */
async function problemsOf(model: ReferenceModel, each: ModeCase): Promise<readonly string[]> {
  const engine = await Engine.load({ ...optionsOf(model, each), maxOutputs: 512 });
  const { mean, topShare } = model.quantised ? { mean: 0.03, topShare: 0.95 } : bounds[each.cache];
  const problems: string[] = [];
  try {
    for (const [i, prompt] of model.prompts.entries()) {
      if (!prompts.includes(prompt.name)) continue;
      const d = await compareLogits(engine, prompt, model.lastLogits[i] as Float32Array);
      if (!(d.mean / d.spread < mean)) problems.push(`${prompt.name}: mean error ${d.mean / d.spread}`);
      if (d.topEqual < topShare * d.positions)
        problems.push(`${prompt.name}: ${d.topEqual} best tokens agree`);
      const exact = !model.quantised && each.cache === "f32";
      if (exact && !(d.largest < 1e-3)) problems.push(`${prompt.name}: a logit is off by ${d.largest}`);
      if (each.cache === "q8_0") continue;
      const step = await firstGreedyDifference(engine, prompt);
      const tie = prompt.greedy_gap.findIndex((gap) => gap < 0.02);
      // A near tie in the reference may fall either way; after it the texts have parted.
      if (step !== undefined && (tie === -1 || tie > step)) problems.push(`${prompt.name}: parts at ${step}`);
    }
  } finally {
    await engine.dispose();
  }
  return problems;
}

const latentModels = referenceModels.filter(
  ({ name }) => name === "rand-deepseek3" || name.startsWith("tiny-"),
);

for (const model of latentModels) {
  const title = model.absent === undefined ? model.name : `${model.name} (skipped: ${model.absent})`;
  describe.skipIf(model.absent !== undefined)(`modes of ${title}`, () => {
    test.each(cases)("-mla $mla, $cache cache, flash $flash, fused experts $fused", async (each) => {
      expect(await problemsOf(model, each)).toEqual([]);
    });
  });
}

test("without expert groups the CPU and the reference backend agree, and not with the groups", async () => {
  const model = latentModels[0] as ReferenceModel;
  const prompt = (model.prompts.find(({ name }) => name === "text") ?? model.prompts[0])?.ids ?? [];
  const logits = async (options: PlanModelOptions) => {
    const engine = await Engine.load({ model: model.path, contextLength: 64, cacheDType: "f32", ...options });
    const found = await engine.prefill(engine.sequence(), prompt);
    await engine.dispose();
    return found;
  };
  const ungrouped = await logits({ backend: "cpu", expertGroups: false });
  const reference = await logits({ backend: "reference", expertGroups: false });
  const grouped = await logits({ backend: "cpu" });
  const apart = (a: Float32Array, b: Float32Array) =>
    a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
  expect(apart(ungrouped, reference)).toBeLessThan(1e-3);
  expect(apart(ungrouped, grouped)).toBeGreaterThan(1e-2);
});
