import type { EmulatedGraph, Emulation } from "./emulate.ts";
import { type GgmlTensor, isView, rootOf, tensorBytes } from "./graph/tensor.ts";
import { weightBufferBytes } from "./llama/storedBytes.ts";

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

const mebibytes = (bytes: number): string => `${(bytes / MIB).toFixed(2)} MiB`;

/** Bytes of an f32 logit. */
const LOGIT_BYTES = 4;

/** Sizes of the buffers that exist before any step, in the program's words. Sizes of work areas aren't emulated. */
function bufferLines({ model, gpu, weights, graphs }: Emulation): readonly string[] {
  const buffers = gpu === undefined ? ["CPU"] : ["CPU", gpu];
  const caches = new Map<GgmlTensor, string>();
  for (const node of graphs[0]?.schedule.graph.nodes ?? []) {
    const { buffer } = rootOf(node);
    if (buffer?.use === "cache") caches.set(rootOf(node), buffer.type);
  }
  const cached = (device: string) =>
    [...caches].reduce((sum, [tensor, at]) => sum + (at === device ? tensorBytes(tensor) : 0), 0);
  const head = weights.find(({ tensor }) => tensor.name === "output.weight")?.buffer ?? "CPU";
  const output = head === "CPU" ? "CPU" : "CUDA_Host";
  return [
    ...buffers
      .map((device) => [device, weightBufferBytes(weights, device)] as const)
      .filter(([, bytes]) => bytes > 0)
      .map(
        ([device, bytes]) =>
          `# load_tensors: ${device === "CPU" ? "CPU_Mapped" : device} model buffer size = ${mebibytes(bytes)}`,
      ),
    `# llama_context: ${output} output buffer size = ${mebibytes(model.config.vocab * LOGIT_BYTES)}`,
    ...buffers
      .filter((device) => cached(device) > 0)
      .map((device) => `# llama_kv_cache: ${device} KV buffer size = ${mebibytes(cached(device))}`),
  ];
}

/** The emulation in the form of a `GGML_SCHED_DEBUG=2` listing, tab-separated; see docs/ggml-policy.md. Ends with a newline. */
export const formatGgmlDump = (emulation: Emulation): string =>
  `${[...bufferLines(emulation), ...emulation.graphs.flatMap(dumpGraph)].join("\n")}\n`;
