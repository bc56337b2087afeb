import type { GgmlTensor } from "../graph/tensor.ts";

const SAME_SIZED = new Set([40, 64, 72, 80, 96, 112, 128, 256]);

/** The default build has kernels for these types of keys and values only. */
const TYPES = new Set(["f32", "f16", "bf16", "q4_0", "q8_0"]);

/** Context that kernels which share keys among heads read at a time. */
const STRIDE = 256;

/** Whether one of the flash attention kernels of a build without GGML_CUDA_FA_ALL_QUANTS takes these heads, for GPUs since Turing. */
export function cudaFlashAttention(node: GgmlTensor): boolean {
  const [q, k, v, mask] = node.src;
  if (q === undefined || k === undefined || v === undefined || mask === undefined) return false;
  const shared = q.ne[2] / k.ne[2];
  const aligned = [q, k, v, mask].every(
    ({ nb, type }) => type.blockSize !== 1 || nb.slice(1).every((stride) => stride % 16 === 0),
  );
  const sharing = shared >= 2 && k.ne[1] % STRIDE === 0 && aligned;
  if (!TYPES.has(k.type.name) || !TYPES.has(v.type.name) || k.type.name !== v.type.name) return false;
  const key = k.ne[0];
  const value = v.ne[0];
  if (SAME_SIZED.has(key)) return value === key;
  if (key === 192) return value === 128 && sharing && shared % 8 === 0;
  if (key === 512) return value === key && sharing;
  return key === 576 && value === 512 && sharing;
}
