// Planning time against the size of the graph: DeepSeek V3's layers repeated until a graph has 1 thousand to 100 thousand nodes, on a CPU
// with one card (experts on the CPU: most splits) and on eight cards; then R1 as it is. bench/planPlot.mjs draws the result.
//
//   npm run build:ts && node --max-old-space-size=8000 bench/plan.mjs [--most 100000] [--runs 3] [--out bench/results/NAME.json]
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { coreOps } from "@tensorplan/ir";
import { synthPreset, synthSettings, synthTensorTable } from "@tensorplan/models";
import { planModel, readDevices } from "@tensorplan/runtime";
import { plan, rulesFromFlags } from "@tensorplan/scheduler";

const { values: options } = parseArgs({
  options: {
    most: { type: "string", default: "100000" },
    runs: { type: "string", default: "3" },
    out: { type: "string" },
  },
});
const most = Number(options.most);
const runs = Number(options.runs);

const machines = [
  { devices: "rtx4080", placement: { gpuLayers: 100_000, overrideTensors: ["exps=CPU"] } },
  { devices: "8xh100", placement: { gpuLayers: 100_000 } },
];

/** Milliseconds of processor time and of the clock. */
function timed(work) {
  const [cpu, clock] = [process.cpuUsage(), performance.now()];
  work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1000, ms: performance.now() - clock };
}

async function measure(layers, preset, { devices: name, placement }) {
  const { devices: profiles, links } = await readDevices(name);
  // Thousands of layers fit no machine; memory isn't what is measured.
  const devices = profiles.map((profile) => ({ ...profile, memoryBytes: 2 ** 52 }));
  const synth = { preset: { ...synthPreset(preset), layers }, type: "iq4_nl" };
  const model = { metadata: synthSettings(synth), tensors: synthTensorTable(synth) };
  const planned = await planModel({ model, devices, links, contextLength: 4096, placement });
  const { graph } = planned;
  const rules = rulesFromFlags(placement, { graph, devices });
  // The first plan was the warm-up; a graph object that was planned before is remembered in part, so each run gets its own.
  const times = Array.from({ length: runs }, () => {
    const fresh = { ...graph };
    return timed(() => plan({ graph: fresh, ops: coreOps, devices, links, rules }));
  }).sort((a, b) => a.ms - b.ms);
  const middle = times[Math.floor(times.length / 2)];
  const variant = planned.plan.variants[0];
  return {
    preset,
    layers,
    devices: name,
    nodes: graph.nodes.length,
    placed: variant.nodes.length,
    variants: planned.plan.variants.length,
    splits: variant.splits.length,
    ms: Math.round(middle.ms),
    cpuMs: Math.round(middle.cpuMs),
  };
}

const rows = [];
for (const machine of machines) {
  for (const nodes of [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000].filter((n) => n <= most)) {
    const row = await measure(Math.max(4, Math.round(nodes / 20)), "deepseek-v3", machine);
    rows.push(row);
    console.log(
      `${row.devices.padEnd(8)} ${String(row.nodes).padStart(7)} nodes ${String(row.splits).padStart(6)} splits ${String(row.variants).padStart(3)} variants ` +
        `${String(row.ms).padStart(7)} ms ${String(row.cpuMs).padStart(7)} ms of processor, ${((1000 * row.cpuMs) / row.nodes).toFixed(0)} µs a node`,
    );
  }
}
const r1 = [];
for (const machine of machines) {
  const row = await measure(61, "deepseek-r1", machine);
  r1.push(row);
  console.log(`R1 on ${row.devices}: ${row.ms} ms, ${row.cpuMs} ms of processor`);
}
if (options.out !== undefined) {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} processors, Node ${process.version}`;
  const command = `node --max-old-space-size=8000 bench/plan.mjs --most ${most} --runs ${runs}`;
  writeFileSync(options.out, `${JSON.stringify({ machine, commit, command, rows, r1 }, undefined, 2)}\n`);
}
