import { describe, expect, test } from "vitest";
import { temporaryFolder, tensorplan } from "../cli/support.ts";
import { allLogits, someTokens, withEngine } from "../engine/support.ts";
import { type TypedModels, writeTypedModels } from "./models.ts";
import { readVectors } from "./vectors.ts";

const folder = temporaryFolder();
const tokens = someTokens(2, 384);
// One of each kind: with minima, two code books, a scale a row, interleaved rows, and both of these.
const types = ["q4_k", "iq4_k", "iq4_ks", "iq4_xs_r8", "iq5_ks_r4"];
const vectors = readVectors().filter(({ type }) => types.includes(type));

const made = new Map<string, Promise<TypedModels>>();
const modelsOf = (type: string): Promise<TypedModels> => {
  const vector = vectors.find((each) => each.type === type);
  if (vector === undefined) throw new Error(`no vector of ${type}`);
  const models = made.get(type) ?? writeTypedModels(vector, folder);
  made.set(type, models);
  return models;
};

type Options = Parameters<typeof withEngine>[0];
const logitsOf = (model: string, options: Options) =>
  withEngine({ model, contextLength: 64, ...options }, (engine) => allLogits(engine, tokens));

describe.each(types)("a model in %s", (type) => {
  test("gives on the reference backend what its values in f32 give", async () => {
    const { stored, f32 } = await modelsOf(type);
    const backend = "reference";
    expect(await logitsOf(stored, { backend })).toEqual(await logitsOf(f32, { backend }));
  });

  test.each(["f32", "q8_0"] as const)("converted to %s at load gives what a file in it gives", async (as) => {
    const models = await modelsOf(type);
    const options = { backend: "auto" } as const;
    expect(await logitsOf(models.stored, { ...options, convertWeights: as })).toEqual(
      await logitsOf(models[as], options),
    );
  });
});

describe("--weights-as", () => {
  test("says what it costs, and explain names the type in the file", async () => {
    const { stored } = await modelsOf("iq4_k");
    const flags = ["-m", stored, "-c", "64", "--weights-as", "q8_0"];
    const plan = await tensorplan(["plan", ...flags]);
    expect(plan.stdout + plan.stderr).toContain(
      "16 weights are stored as iq4_k and converted to q8_0 at load: 1.33 MiB in memory instead of 720 KiB",
    );
    const why = await tensorplan(["explain", ...flags, "blk.0.attn_q.weight"]);
    expect(why.stdout).toContain("(q8_0, converted from the file's iq4_k while it is loaded) lives on cpu");
  });

  test("without it a run on the CPU is refused, and the hint names it", async () => {
    const { stored } = await modelsOf("iq4_k");
    const { code, stderr } = await tensorplan(["run", "-m", stored, "-c", "64", "-n", "1", "--tokens", "5"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error\[engine\/kernel-planned\][\s\S]*--weights-as q8_0/);
  });

  test("where nothing is to be converted it is an error, and converted weights can't be mapped", async () => {
    const { stored, f32 } = await modelsOf("iq4_k");
    const idle = await tensorplan(["plan", "-m", f32, "--weights-as", "q8_0"]);
    expect(idle.stderr).toMatch(/^error\[engine\/nothing-to-convert\]/);
    const mapped = await tensorplan([
      "explain",
      "-m",
      stored,
      "--weights-as",
      "f16",
      "--mmap",
      "output.weight",
    ]);
    expect(mapped.stdout).toContain("converted from iq4_k while they are loaded");
  });
});
