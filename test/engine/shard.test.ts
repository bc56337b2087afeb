import { deviceId } from "@tensorplan/backend-api";
import { createReferenceBackend, referenceBackend } from "@tensorplan/backend-reference";
import { coreOps } from "@tensorplan/ir";
import type { Engine } from "@tensorplan/runtime";
import { type Rule, rules } from "@tensorplan/scheduler";
import { expect, test } from "vitest";
import { allLogits, distance, expectSameBits, referenceFile, someTokens, withEngine } from "./support.ts";

const base = { contextLength: 256, microBatch: 64, maxOutputs: 64 } as const;
const over = rules(["cpu:0", "cpu:1"]);
const both = ["cpu:0", "cpu:1"] as const;

const models = [
  { name: "the embedded model", model: undefined, vocab: 4096, block: true },
  { name: "rand-llama", model: referenceFile("rand-llama.gguf"), vocab: 384, block: false },
  { name: "rand-qwen3moe", model: referenceFile("rand-qwen3moe.gguf"), vocab: 384, block: false },
];

/** Bytes of the weights whose tensors some rule cuts, whole or in parts. */
const bytesOf = ({ plan }: Engine, tensors: ReadonlySet<string>): number =>
  plan.weights
    .filter(({ source }) => tensors.has(source.tensor))
    .flatMap(({ copies }) => copies)
    .reduce((sum, { bytes }) => sum + bytes, 0);

const cutTensors = ({ plan }: Engine): ReadonlySet<string> =>
  new Set(plan.weights.flatMap(({ weight, source }) => (weight.includes("@") ? [source.tensor] : [])));

/** Loads, expects that memory and bytes are as planned, and compares with the whole model. */
async function expectParts(
  { model, vocab }: (typeof models)[number],
  list: readonly Rule[],
  check: (logits: Float32Array, whole: Float32Array) => void,
): Promise<void> {
  const tokens = someTokens(21, vocab);
  const options = { ...base, backend: "cpu", model, threads: 1 } as const;
  let tensors: ReadonlySet<string> = new Set();
  let bytes = 0;
  const logits = await withEngine({ ...options, cpuDevices: 2, rules: list }, async (engine) => {
    tensors = cutTensors(engine);
    bytes = bytesOf(engine, tensors);
    for (const { planned, counted } of engine.memory()) expect(counted).toEqual(planned);
    for (const { weight, copies } of engine.plan.weights.filter((each) => each.weight.includes("@"))) {
      expect(copies.map(({ device }) => device)).toEqual([`cpu:${weight.at(-1)}`]);
    }
    return allLogits(engine, tokens);
  });
  expect(tensors.size).toBeGreaterThan(0);
  await withEngine(options, async (engine) => {
    expect(bytes).toBe(bytesOf(engine, tensors));
    check(logits, await allLogits(engine, tokens));
  });
}

for (const each of models) {
  test(`${each.name}: the head's rows over two CPU devices give the bits of one`, async () => {
    const head = over.shard("head", { weight: "output.weight" }, "vocab", both).list;
    await expectParts(each, head, expectSameBits);
  });

  test(`${each.name}: feed-forward networks and experts over two CPU devices, within tolerance`, async () => {
    const list = ["ffn", "shared_ffn", "expert_ffn"].reduce(
      (more, axis) => more.shard(axis, { weight: "*ffn_*" }, axis, both, { else: "next", optional: true }),
      over,
    ).list;
    await expectParts(each, list, (logits, whole) => {
      const { largest, spread } = distance(logits, whole);
      expect(largest / spread).toBeLessThan(each.block ? 0.25 : 5e-3);
    });
  });
}

for (const { name, model, vocab } of models) {
  test(`${name}: -sm row over two of three CPU devices gives the bits of one`, async () => {
    const tokens = someTokens(21, vocab);
    const options = { ...base, backend: "cpu", model, threads: 1 } as const;
    const whole = await withEngine(options, (engine) => allLogits(engine, tokens));
    const placement = { gpuLayers: 99, splitMode: "row", tensorSplit: "3,1", mainGpu: "1" } as const;
    await withEngine({ ...options, cpuDevices: 3, placement }, async (engine) => {
      expect(cutTensors(engine).size).toBeGreaterThan(10);
      expectSameBits(await allLogits(engine, tokens), whole);
    });
  });
}

test("the reference backend in parts gives the logits of the whole within 1e-5", async () => {
  const second = createReferenceBackend(coreOps, deviceId("second"));
  const tokens = someTokens(6, 384);
  for (const name of ["rand-llama.gguf", "rand-qwen3moe.gguf"]) {
    const options = { ...base, model: referenceFile(name) };
    const whole = await withEngine({ ...options, backends: [referenceBackend] }, (e) => allLogits(e, tokens));
    const backends = [referenceBackend, second];
    const devices = ["reference", "second"] as const;
    const list = rules(devices)
      .shard("dense", { weight: "*ffn_*" }, "ffn", devices, { else: "next", optional: true })
      .shard("experts", { weight: "*_exps*" }, "expert_ffn", devices, { optional: true })
      .shard("head", { weight: "output.weight" }, "vocab", devices).list;
    const parts = await withEngine({ ...options, backends, rules: list }, (e) => allLogits(e, tokens));
    expect(distance(parts, whole).largest).toBeLessThan(1e-5);
    const rows = list.filter(({ name: rule }) => rule === "head");
    const head = await withEngine({ ...options, backends, rules: rows }, (e) => allLogits(e, tokens));
    expectSameBits(head, whole);
  }
});
