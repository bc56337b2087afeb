// How much faster more threads are, measured side by side: for each number of threads an engine on the same file, timed in turns.
//   node bench/threads.mjs MODEL.gguf [--threads 1,2] [--rounds 5] [--prompt 512] [--generate 32]
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Engine } from "../packages/runtime/dist/index.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "5" },
    prompt: { type: "string", default: "512" },
    generate: { type: "string", default: "32" },
  },
});
const [model] = positionals;
const [rounds, prompt, generate] = [values.rounds, values.prompt, values.generate].map(Number);
const counts = values.threads.split(",").map(Number);

const engines = [];
for (const threads of counts) {
  engines.push({
    threads,
    engine: await Engine.load({ model, threads, contextLength: prompt + generate, cacheDType: "f16" }),
  });
}

async function time({ engine }) {
  const sequence = engine.sequence();
  const { vocab } = engine.model.shape;
  const tokens = Array.from({ length: prompt }, (_, i) => (i * 7919) % vocab);
  const start = performance.now();
  await engine.prefill(sequence, tokens);
  const read = performance.now();
  for (let i = 0; i < generate; i++) await engine.decode([{ sequence, token: (i * 104729) % vocab }]);
  const end = performance.now();
  sequence.dispose();
  return { prefill: (1000 * prompt) / (read - start), decode: (1000 * generate) / (end - read) };
}

const samples = new Map(counts.map((threads) => [threads, []]));
for (const entry of engines) await time(entry);
for (let round = 0; round < rounds; round++) {
  for (const entry of engines) samples.get(entry.threads).push(await time(entry));
}
for (const { engine } of engines) await engine.dispose();

const sorted = (list) => [...list].sort((a, b) => a - b);
const summary = counts.map((threads) => {
  const of = (key) => sorted(samples.get(threads).map((sample) => sample[key]));
  const figures = (key) => ({ best: of(key).at(-1), median: of(key)[Math.floor(rounds / 2)] });
  return { threads, prefill: figures("prefill"), decode: figures("decode") };
});
const ratios = (key) =>
  summary.map((s) => ({
    threads: s.threads,
    best: s[key].best / summary[0][key].best,
    median: s[key].median / summary[0][key].median,
  }));
process.stdout.write(
  `${JSON.stringify({ machine: cpus()[0]?.model, cores: cpus().length, model, rounds, prompt, generate, tokensPerSecond: summary, prefillRatio: ratios("prefill"), decodeRatio: ratios("decode") }, null, 2)}\n`,
);
