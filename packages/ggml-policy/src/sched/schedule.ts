import type { GgmlGraph } from "../graph/ggmlGraph.ts";
import { assignDevices } from "./assign.ts";
import type { GgmlBackend } from "./backend.ts";
import { Devices } from "./devices.ts";
import { type GgmlSplit, splitGraph } from "./split.ts";

/** A graph with every decision of the scheduler. */
export interface GgmlSchedule {
  readonly graph: GgmlGraph;
  readonly devices: Devices;
  readonly splits: readonly GgmlSplit[];
}

/** What ggml's scheduler makes of a graph. Backends by priority, the CPU last. */
export function scheduleGgml(
  graph: GgmlGraph,
  backends: readonly GgmlBackend[],
  opOffload: boolean,
): GgmlSchedule {
  const devices = new Devices(backends);
  assignDevices(graph, devices, opOffload);
  return { graph, devices, splits: splitGraph(graph, devices) };
}
