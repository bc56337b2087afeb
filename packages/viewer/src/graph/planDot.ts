import { describeBox, formatBytes, type Plan, type PlanVariant, planHash } from "@tensorplan/scheduler";
import { counted, deviceColour } from "../client/format.ts";
import { type Box, splitGraph } from "./splitGraph.ts";

const quoted = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

const boxLabel = ({ layer, nodes }: Box): string => {
  const [first = ""] = nodes;
  if (nodes.length === 1) return first;
  return `${layer === undefined ? first : `layer ${layer}`}\n${counted(nodes.length, "node")}`;
};

/**
 * A variant for Graphviz: a cluster for each split in its device's colour, a box for what it runs in each layer, bold edges with their
 * bytes for copies.
 */
export function planDot(plan: Plan, variant: PlanVariant): string {
  const { boxes, flows } = splitGraph(plan, variant);
  const colours = new Map(plan.devices.map(({ id }, index) => [id, deviceColour(index)]));
  const title = `plan ${planHash(plan).slice(0, 12)} of ${plan.graph.name}\n${variant.id}: ${describeBox(variant.box)}`;
  const lines = [
    `digraph ${quoted(plan.graph.name)} {`,
    `  graph [label=${quoted(title)}, labelloc=t, fontname="Helvetica", fontsize=14, rankdir=TB, nodesep=0.25, ranksep=0.3];`,
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, fillcolor="white", height=0.3];',
    '  edge [fontname="Helvetica", fontsize=10, color="#8a94a3", arrowsize=0.6];',
  ];
  for (const { id, device } of variant.splits) {
    const colour = colours.get(device) ?? "#888888";
    lines.push(
      `  subgraph ${quoted(`cluster_${id}`)} {`,
      `    label=${quoted(`${id} on ${device}`)}; style="rounded,filled"; fillcolor=${quoted(`${hex(colour)}22`)}; color=${quoted(hex(colour))};`,
      ...boxes
        .filter((box) => box.split === id)
        .map(
          (box) =>
            `    ${quoted(box.id)} [label=${quoted(boxLabel(box))}, tooltip=${quoted(box.nodes.join("\n"))}];`,
        ),
      "  }",
    );
  }
  const deviceOf = new Map(boxes.map(({ id, device }) => [id, device]));
  for (const { from, to, copied } of flows) {
    const colour = hex(colours.get(deviceOf.get(from) ?? "") ?? "#888888");
    const style =
      copied > 0 ? ` [label=${quoted(formatBytes(copied))}, penwidth=2.2, color=${quoted(colour)}]` : "";
    lines.push(`  ${quoted(from)} -> ${quoted(to)}${style};`);
  }
  return `${[...lines, "}"].join("\n")}\n`;
}

/** Graphviz reads no CSS colours of more than ten devices; they are grey there. */
const hex = (colour: string): string => (colour.startsWith("#") ? colour : "#8a8a8a");
