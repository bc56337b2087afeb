import { TensorplanError } from "@tensorplan/ir";
import type { Plan, PlanVariant } from "@tensorplan/scheduler";
import { planDot } from "./planDot.ts";
import { splitGraph } from "./splitGraph.ts";

/** Graphviz's layout takes minutes for more. */
const MAX_BOXES = 1500;

/**
 * A variant as a picture, laid out by Graphviz.
 *
 * @throws TensorplanError `viewer/too-large`
 */
export async function planSvg(plan: Plan, variant: PlanVariant): Promise<string> {
  const { boxes } = splitGraph(plan, variant);
  if (boxes.length > MAX_BOXES) {
    throw new TensorplanError({
      code: "viewer/too-large",
      message: `a picture of ${boxes.length} boxes can't be laid out in reasonable time; at most ${MAX_BOXES} can`,
      hint: "open the plan in the viewer (--html), or lay out the graph with a program of your own (--dot)",
    });
  }
  const { instance } = await import("@viz-js/viz");
  const viz = await instance();
  return viz.renderString(planDot(plan, variant), { format: "svg", engine: "dot" });
}
