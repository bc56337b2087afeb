import type { EmulatedGraph, Emulation } from "./emulate.ts";
import { type GgmlTensor, isView, tensorBytes } from "./graph/tensor.ts";

const KIB = 1024;
const MIB = KIB * KIB;

/** As ggml prints sizes: whole units, rounded down. */
const sizeText = (tensor: GgmlTensor): string => {
  const bytes = tensorBytes(tensor);
  return bytes >= MIB ? `${Math.floor(bytes / MIB)}M` : `${Math.floor(bytes / KIB)}K`;
};

/** Widths at which ggml's own listing cuts. */
const OP_WIDTH = 10;
const NAME_WIDTH = 20;

/** One graph: `S split device inputs`, then `N node op name size device` for each of its nodes that isn't a view. */
function dumpGraph({ phase, schedule }: EmulatedGraph): readonly string[] {
  const { graph, devices, splits } = schedule;
  const lines = [`# graph ${phase}: ${splits.length} splits`];
  for (const [number, { backend, start, end, inputs }] of splits.entries()) {
    const { device } = devices.backend(backend);
    const copies = inputs.map((tensor) => `${tensor.name} ${sizeText(tensor)}`).join(", ");
    lines.push(`S\t${number}\t${device}\t${copies}`);
    for (let index = start; index < end; index++) {
      const node = graph.nodes[index] as GgmlTensor;
      if (isView(node)) continue;
      const at = devices.backend(devices.get(node) ?? backend).device;
      const op = node.op.slice(0, OP_WIDTH);
      lines.push(`N\t${index}\t${op}\t${node.name.slice(0, NAME_WIDTH).trim()}\t${sizeText(node)}\t${at}`);
    }
  }
  return lines;
}

/** The emulation in the form of a `GGML_SCHED_DEBUG=2` listing, tab-separated; see docs/ggml-policy.md. Ends with a newline. */
export const formatGgmlDump = ({ graphs }: Emulation): string => `${graphs.flatMap(dumpGraph).join("\n")}\n`;
