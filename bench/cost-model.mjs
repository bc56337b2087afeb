// How true the cost model is after a calibration: calibration and models run in turns, then each kernel's predicted time is compared with
// the median of its measured ones, weighted by time. Sizes that the calibration doesn't measure are among the steps.
//   node bench/cost-model.mjs [MODEL.gguf …] [--rounds 5] [--threads N] [--worst 12] [--out FILE.json] [--dump FILE.json]
// Without a file: the model that comes along. --dump keeps the calibrated profile and every kernel's work and time.
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { Calibrator, planModel, StepSeries, StepTimer } from "../packages/runtime/dist/index.js";
import { estimateVariant } from "../packages/scheduler/dist/index.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    threads: { type: "string" },
    worst: { type: "string", default: "12" },
    out: { type: "string" },
    dump: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const threads = values.threads === undefined ? availableParallelism() : Number(values.threads);
const models = positionals.length === 0 ? [undefined] : positionals;
const WITHIN = 0.15;

const step = (tokens, context) => ({ tokens, context, sequences: 1 });
const steps = [
  step(1, 128),
  step(1, 1024),
  step(1, 1500),
  step(12, 512),
  step(48, 600),
  step(128, 128),
  step(300, 300),
  step(512, 512),
];

const loads = [loadavg()[0]];
const started = performance.now();
const calibrator = await Calibrator.open({ threads });
const opened = performance.now();
const series = [];
for (const model of models) {
  const planned = await planModel({
    model: model === "embedded" ? undefined : model,
    threads,
    backend: "cpu",
    contextLength: 2048,
  });
  series.push({ name: model ?? "embedded", of: new StepSeries(await StepTimer.open(planned), steps) });
}
let calibrating = opened - started;
for (let round = 0; round < rounds; round++) {
  const before = performance.now();
  await calibrator.round();
  calibrating += performance.now() - before;
  for (const { of } of series) await of.round();
  loads.push(loadavg()[0]);
}
const { device } = calibrator.result();
calibrator.dispose();

function compare(one, index) {
  const { plan, ops } = one.timer.planned;
  // The same plan, whose device has the calibrated profile.
  const calibrated = { ...plan, capabilities: { ...plan.capabilities, devices: [device] } };
  const variant = one.timer.variantOf(steps[index]);
  const estimate = estimateVariant(calibrated, variant, steps[index], ops);
  const measured = one.medians(index);
  const stepBytes = estimate.nodes.reduce((sum, { bytes }) => sum + bytes, 0);
  return estimate.nodes
    .map(({ node, kernel, flops, bytes, rows, elements, ns }, position) => ({
      node,
      kernel,
      work: { flops, bytes, rows, elements, stepBytes },
      predicted: ns,
      measured: measured[position],
    }))
    .filter(({ kernel, measured: ns }) => kernel !== null && ns > 0);
}

const share = (rows) => {
  const all = rows.reduce((sum, { measured }) => sum + measured, 0);
  const good = rows.filter(({ predicted, measured }) => Math.abs(predicted - measured) <= WITHIN * measured);
  return good.reduce((sum, { measured }) => sum + measured, 0) / all;
};
const total = (rows, key) => rows.reduce((sum, row) => sum + row[key], 0);

const compared = series.map(({ name, of }) => ({
  name,
  perStep: steps.map((size, index) => ({ size, rows: compare(of, index) })),
}));
if (values.dump !== undefined) writeFileSync(values.dump, JSON.stringify({ device, compared }));

const results = compared.map(({ name, perStep }) => {
  const all = perStep.flatMap(({ rows }) => rows);
  const kernels = new Map();
  for (const { size, rows } of perStep) {
    for (const row of rows) {
      const key = `${row.kernel} at ${size.tokens} tokens, ${size.context} rows`;
      const sum = kernels.get(key) ?? { key, predicted: 0, measured: 0 };
      sum.predicted += row.predicted;
      sum.measured += row.measured;
      kernels.set(key, sum);
    }
  }
  const miss = ({ predicted, measured }) => Math.abs(predicted - measured);
  return {
    model: basename(name),
    shareWithin15Percent: share(all),
    steps: perStep.map(({ size, rows }) => ({
      ...size,
      share: share(rows),
      measuredMs: total(rows, "measured") / 1e6,
      predictedMs: total(rows, "predicted") / 1e6,
    })),
    worst: [...kernels.values()]
      .sort((a, b) => miss(b) - miss(a))
      .slice(0, Number(values.worst))
      .map(
        ({ key, predicted, measured }) =>
          `${key}: ${(predicted / 1e3).toFixed(0)} us, measured ${(measured / 1e3).toFixed(0)} us`,
      ),
  };
});
for (const { of } of series) of.timer.dispose();

const report = {
  machine: cpus()[0]?.model.trim(),
  cores: cpus().length,
  threads,
  command: `node bench/cost-model.mjs ${process.argv.slice(2).join(" ")}`,
  rounds,
  load: loads.map((load) => Number(load.toFixed(1))),
  calibrationSeconds: Number((calibrating / 1000).toFixed(1)),
  bandwidth: device.bandwidth,
  rates: device.rates,
  results,
};
const text = `${JSON.stringify(report, null, 2)}\n`;
process.stdout.write(text);
if (values.out !== undefined) writeFileSync(values.out, text);
