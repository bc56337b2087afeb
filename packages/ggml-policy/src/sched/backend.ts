import { type GgmlBuffer, type GgmlTensor, isContiguous, rowsOf } from "../graph/tensor.ts";
import { cudaFlashAttention } from "./cudaFlashAttention.ts";
import { cudaLongRowTypes, cudaMatrixTypes, cudaRowTypes, cudaStoredTypes } from "./cudaTypes.ts";

/** A device as ggml's scheduler sees it. */
export interface GgmlBackend {
  /** `CUDA0` or `CPU`. */
  readonly device: string;
  /** Type of the buffers in which the scheduler allocates this device's results. */
  readonly bufferType: string;
  /** Whether kernels can read buffers of this type. */
  readsBuffer(type: string): boolean;
  supports(node: GgmlTensor): boolean;
  /** Whether weights in the host's memory should be copied here to compute this node. */
  wantsFromHost(node: GgmlTensor): boolean;
}

/** Rows that an operation must compute before its weights are copied to a GPU. GGML_OP_OFFLOAD_MIN_BATCH is its name in the program. */
export const OFFLOAD_ROWS = 32;

/** Values that CUDA reads of a row at a time in some types. */
const LONG_ROW = 256;

const hostBuffers: ReadonlySet<string> = new Set(["CPU", "CUDA_Host"]);

export const isHostBuffer = (buffer: GgmlBuffer): boolean => hostBuffers.has(buffer.type);

const plain = (tensor: GgmlTensor | undefined): boolean =>
  tensor?.type.name === "f32" || tensor?.type.name === "f16";

/** What the CUDA backend's kernels of llama.cpp v0.5.0 accept, for the operations of our graphs. */
function cudaSupports(node: GgmlTensor): boolean {
  const [a, b] = node.src;
  switch (node.op) {
    case "NONE":
    case "VIEW":
    case "RESHAPE":
    case "PERMUTE":
    case "TRANSPOSE":
    case "SCALE":
    case "CLAMP":
    case "FILL":
    case "CONT":
    case "SOFT_MAX":
    case "ARGSORT":
      return true;
    case "MUL_MAT":
    case "MUL_MAT_ID":
      if (a === undefined || b === undefined) return false;
      if (a.nb[0] !== a.type.blockBytes || b.nb[0] !== b.type.blockBytes) return false;
      return cudaMatrixTypes.has(a.type.name) && !(b.type.name === "f16" && a.type.name !== "f16");
    case "GET_ROWS":
      if (a === undefined) return false;
      return cudaRowTypes.has(a.type.name) || (cudaLongRowTypes.has(a.type.name) && a.ne[0] % LONG_ROW === 0);
    case "SET_ROWS":
      return (
        (a?.type.name === "f32" && cudaStoredTypes.has(node.type.name)) ||
        (a?.type.name === "f16" && node.type.name === "f16")
      );
    case "CPY":
      return a !== undefined && !(a.type.name === "i32" || a.type.name === "i64");
    case "MUL":
    case "ADD":
    case "DIV":
      return plain(a) && plain(b) && plain(node);
    case "CONCAT":
      return a?.type.blockSize === 1 && a.type.name === b?.type.name;
    case "RMS_NORM":
      return a !== undefined && a.nb[0] === a.type.blockBytes;
    case "ROPE":
      return a !== undefined && a.nb[0] === a.type.blockBytes && isContiguous(a, 2);
    case "SWIGLU":
      return a !== undefined && isContiguous(a, 1);
    case "SIGMOID":
    case "SUM_ROWS":
      return a !== undefined && isContiguous(a);
    case "FLASH_ATTN_EXT":
      return cudaFlashAttention(node);
  }
}

/** Rows of a batch: what the threshold is compared with. Reading rows of a table is never worth a copy of the table. */
export function batchRows(node: GgmlTensor): number {
  if (node.op === "GET_ROWS") return 0;
  if (node.op === "MUL_MAT") return node.ne[1];
  if (node.op === "MUL_MAT_ID" || node.op === "ROPE") return node.ne[2];
  return rowsOf(node);
}

export const cudaBackend = (device: string): GgmlBackend => ({
  device,
  bufferType: device,
  readsBuffer: (type) => type === device,
  supports: cudaSupports,
  wantsFromHost: (node) => batchRows(node) >= OFFLOAD_ROWS,
});

/** The CPU computes every operation of our graphs. Beside a GPU its results lie in memory that the GPU's driver pinned. */
export const cpuBackend = (besideGpu: boolean): GgmlBackend => ({
  device: "CPU",
  bufferType: besideGpu ? "CUDA_Host" : "CPU",
  readsBuffer: (type) => hostBuffers.has(type),
  supports: () => true,
  wantsFromHost: () => false,
});
