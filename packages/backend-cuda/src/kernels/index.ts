import type { KernelRow } from "@tensorplan/backend-api";
import { addRows } from "./add.ts";
import { addRmsNormRows } from "./addRmsNorm.ts";
import { attentionRows } from "./attention.ts";
import { cacheAppendRows } from "./cacheAppend.ts";
import { concatRows } from "./concat.ts";
import { embedRows } from "./embed.ts";
import { expertMatmulRows } from "./expertMatmul.ts";
import { gateUpSwigluRows } from "./gateUpSwiglu.ts";
import { headMatmulRows } from "./headMatmul.ts";
import { latentAttentionRows } from "./latentAttention.ts";
import { matmulRows } from "./matmul.ts";
import { mlaAbsorbQueryRows } from "./mlaAbsorbQuery.ts";
import { mlaDecompressedAttentionRows } from "./mlaDecompressedAttention.ts";
import { moeRows } from "./moe.ts";
import { mulRows } from "./mul.ts";
import { pagedScoresRows } from "./pagedScores.ts";
import { pagedValuesRows } from "./pagedValues.ts";
import { rmsNormRows } from "./rmsNorm.ts";
import { ropeRows } from "./rope.ts";
import { routeExpertsRows } from "./routeExperts.ts";
import { scaleRows } from "./scale.ts";
import { selectRowsRows } from "./selectRows.ts";
import { sigmoidRows } from "./sigmoid.ts";
import { siluRows } from "./silu.ts";
import { sliceRows } from "./slice.ts";
import { softmaxRows } from "./softmax.ts";
import { swigluRows } from "./swiglu.ts";
import { weightedSumRows } from "./weightedSum.ts";

/**
 * Every kernel that this backend is to have, grouped by operation; the first of an operation that fits is the one that a plan names. None
 * exists yet.
 */
export const kernelRows: readonly KernelRow[] = [
  ...addRows,
  ...addRmsNormRows,
  ...attentionRows,
  ...cacheAppendRows,
  ...concatRows,
  ...embedRows,
  ...expertMatmulRows,
  ...gateUpSwigluRows,
  ...headMatmulRows,
  ...latentAttentionRows,
  ...matmulRows,
  ...mlaAbsorbQueryRows,
  ...mlaDecompressedAttentionRows,
  ...moeRows,
  ...mulRows,
  ...pagedScoresRows,
  ...pagedValuesRows,
  ...rmsNormRows,
  ...ropeRows,
  ...routeExpertsRows,
  ...scaleRows,
  ...selectRowsRows,
  ...sigmoidRows,
  ...siluRows,
  ...sliceRows,
  ...softmaxRows,
  ...swigluRows,
  ...weightedSumRows,
];
