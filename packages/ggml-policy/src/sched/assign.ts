import { TensorplanError } from "@tensorplan/ir";
import type { GgmlGraph } from "../graph/ggmlGraph.ts";
import { type GgmlTensor, isView } from "../graph/tensor.ts";
import { batchRows, isHostBuffer, OFFLOAD_ROWS } from "./backend.ts";
import { labelOf, type Sweep, sweeps } from "./cause.ts";
import type { Devices } from "./devices.ts";

/** The first backend that reads the tensor's own buffer and can compute `node`. */
function fromBuffer(devices: Devices, tensor: GgmlTensor, node: GgmlTensor): number | undefined {
  const buffer = (tensor.viewOf ?? tensor).buffer;
  if (buffer === undefined) return undefined;
  const found = devices.backends.findIndex(
    (backend) => backend.readsBuffer(buffer.type) && backend.supports(node),
  );
  return found < 0 ? undefined : found;
}

const cannotRun = (node: GgmlTensor, type: string) =>
  new TensorplanError({
    code: "ggml/stored-where-it-cannot-run",
    message: `llama.cpp stops here: '${labelOf(node)}' (${node.op}) must happen in a ${type} buffer, where no kernel can do it`,
    hint: "use another cache type (-ctk f16), or leave the cache in the host's memory (-nkvo 1)",
  });

/** Attention reads no weight that matters, and rotation only a table. */
const ignoresWeights = ({ op }: GgmlTensor): boolean => op === "ROPE" || op === "FLASH_ATTN_EXT";

/** First step: what is decided by where things lie already. */
function decideByPlace(devices: Devices, tensor: GgmlTensor, opOffload: boolean): void {
  const root = tensor.viewOf ?? tensor;
  if (root.buffer !== undefined) {
    const found = fromBuffer(devices, tensor, tensor);
    if (found === undefined) throw cannotRun(tensor, root.buffer.type);
    devices.set(tensor, found, { kind: "buffer", of: labelOf(root), type: root.buffer.type });
    return;
  }
  if (tensor.input) {
    devices.set(tensor, devices.cpu, { kind: "input" });
    return;
  }
  if (ignoresWeights(tensor)) return;
  const weight = tensor.src.find(({ buffer }) => buffer?.use === "weights");
  if (weight?.buffer === undefined) return;
  const home = fromBuffer(devices, weight, tensor);
  const copyable = home === devices.cpu && devices.cpu > 0 && isHostBuffer(weight.buffer);
  if (copyable && opOffload) {
    const taker = devices.backends.findIndex(
      (backend, index) => index < devices.cpu && backend.supports(tensor) && backend.wantsFromHost(tensor),
    );
    if (taker >= 0) {
      devices.set(tensor, taker, { kind: "offload", weight: weight.name, rows: batchRows(tensor) });
      return;
    }
  }
  // Where no device computes from this weight's buffer the node stays open, and the weight will be copied.
  if (home === undefined) return;
  const stays = opOffload
    ? `${batchRows(tensor)} rows, and ${OFFLOAD_ROWS} are needed`
    : "-nopo 1 forbids it";
  devices.set(tensor, home, { kind: "weight", weight: weight.name, ...(copyable ? { stays } : {}) });
}

/** Second step, one sweep: open nodes take the device of the last decided node before them in the sweep's direction. */
function spread(devices: Devices, nodes: readonly GgmlTensor[], sweep: Sweep): void {
  const gpuOnly = sweep.startsWith("gpu");
  const ordered = sweep.endsWith("up") ? [...nodes].reverse() : nodes;
  let from: { readonly node: GgmlTensor; readonly at: number } | undefined;
  for (const node of ordered) {
    const at = devices.get(node);
    if (at !== undefined) {
      from = gpuOnly && at === devices.cpu ? undefined : { node, at };
    } else if (from !== undefined && devices.supports(from.at, node)) {
      devices.set(node, from.at, { kind: sweep, from: labelOf(from.node) });
    }
  }
}

/** Third step: open nodes go where most of their inputs are; others to a better device with the very same buffers. */
function settle(devices: Devices, node: GgmlTensor): void {
  const at = devices.get(node);
  if (at === undefined) {
    let best = -1;
    for (const index of devices.backends.keys()) {
      if (!devices.supports(index, node)) continue;
      const count = node.src.filter(
        (source) =>
          (devices.get(source) !== undefined ||
            (source.viewOf !== undefined && devices.get(source.viewOf) !== undefined)) &&
          devices.reads(index, source),
      ).length;
      if (count <= best) continue;
      best = count;
      devices.set(node, index, { kind: "most-inputs", count });
    }
    return;
  }
  const { bufferType } = devices.backend(at);
  for (let better = 0; better < at; better++) {
    if (devices.backend(better).bufferType !== bufferType || !devices.supports(better, node)) continue;
    if (!node.src.every((source) => devices.reads(better, source))) continue;
    devices.set(node, better, { kind: "upgrade" });
    return;
  }
}

/** Fourth step: views follow what they show, sources follow their first reader. */
function decideSources(devices: Devices, node: GgmlTensor): void {
  const { viewOf } = node;
  const shown = viewOf === undefined ? undefined : devices.get(viewOf);
  if (viewOf !== undefined && shown !== undefined && devices.get(node) === undefined) {
    devices.set(node, shown, { kind: "viewed", of: labelOf(viewOf) });
  }
  for (const source of node.src) {
    if (devices.get(source) !== undefined) continue;
    if (source.viewOf !== undefined) {
      const of = devices.get(source.viewOf);
      if (of !== undefined) devices.set(source, of, { kind: "viewed", of: labelOf(source.viewOf) });
    } else {
      const at = devices.get(node);
      if (at !== undefined) devices.set(source, at, { kind: "reader", by: labelOf(node) });
    }
  }
  for (const index of devices.backends.keys()) {
    if (devices.get(node) !== undefined) break;
    if (devices.supports(index, node)) devices.set(node, index, { kind: "first-able" });
  }
}

/**
 * Gives every tensor of a graph a device, in the steps of `ggml_backend_sched_split_graph` (llama.cpp v0.5.0, ggml-backend.cpp).
 *
 * @throws TensorplanError `ggml/stored-where-it-cannot-run` where the program itself would stop
 */
export function assignDevices(graph: GgmlGraph, devices: Devices, opOffload: boolean): void {
  for (const tensor of [...graph.leaves, ...graph.nodes]) {
    const { pinned } = tensor;
    const asked = devices.backends.findIndex(({ device }) => device === pinned?.device);
    if (pinned !== undefined && asked >= 0) devices.set(tensor, asked, { kind: "asked", why: pinned.why });
    else decideByPlace(devices, tensor, opOffload);
  }
  const computing = graph.nodes.filter((node) => !isView(node));
  for (const sweep of sweeps) spread(devices, computing, sweep);
  for (const node of computing) settle(devices, node);
  for (const node of graph.nodes) decideSources(devices, node);
}
