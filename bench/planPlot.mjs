// Draws the result of bench/plan.mjs: planning time against the number of nodes, both axes logarithmic, so that linear growth is a straight
// line of slope one (drawn dashed).
//
//   node bench/planPlot.mjs bench/results/NAME.json bench/results/NAME.svg
import { readFileSync, writeFileSync } from "node:fs";
import { parse, View } from "vega";
import { compile } from "vega-lite";

const [input, output] = process.argv.slice(2);
if (input === undefined || output === undefined) {
  throw new Error("usage: node bench/planPlot.mjs RESULT.json PLOT.svg");
}
const { rows, machine, commit } = JSON.parse(readFileSync(input, "utf8"));
const [first] = rows;
const ends = [first.nodes, Math.max(...rows.map(({ nodes }) => nodes))];
const linear = ends.map((nodes) => ({ nodes, cpuMs: (first.cpuMs / first.nodes) * nodes }));

const x = { field: "nodes", type: "quantitative", scale: { type: "log" }, title: "nodes of the graph" };
const y = {
  field: "cpuMs",
  type: "quantitative",
  scale: { type: "log" },
  title: "processor time of plan(), ms",
};
const spec = {
  title: { text: "Planning time", subtitle: `${machine}, commit ${commit}` },
  width: 560,
  height: 360,
  background: "white",
  layer: [
    {
      data: { values: linear },
      mark: { type: "line", strokeDash: [6, 4], color: "gray" },
      encoding: { x, y },
    },
    {
      data: { values: rows },
      mark: { type: "line", point: true },
      encoding: { x, y, color: { field: "devices", title: "devices" } },
    },
  ],
};
const view = new View(parse(compile(spec).spec), { renderer: "none" });
writeFileSync(output, await view.toSVG());
