import { type OpSet, opSet } from "../op/registry.ts";
import { addOp } from "./add.ts";
import { addRmsNormOp } from "./addRmsNorm.ts";
import { attentionOp } from "./attention.ts";
import { cacheAppendOp } from "./cacheAppend.ts";
import { concatOp } from "./concat.ts";
import { embedOp } from "./embed.ts";
import { expertMatmulOp } from "./expertMatmul.ts";
import { gateUpSwigluOp } from "./gateUpSwiglu.ts";
import { headMatmulOp } from "./headMatmul.ts";
import { latentAttentionOp } from "./latentAttention.ts";
import { matmulOp } from "./matmul.ts";
import { mergeOp } from "./merge.ts";
import { mlaAbsorbQueryOp } from "./mlaAbsorbQuery.ts";
import { mlaAttentionOp } from "./mlaAttention.ts";
import { mlaDecompressedAttentionOp } from "./mlaDecompressedAttention.ts";
import { moeOp } from "./moe.ts";
import { mulOp } from "./mul.ts";
import { pagedScoresOp } from "./pagedScores.ts";
import { pagedValuesOp } from "./pagedValues.ts";
import { renameOp } from "./rename.ts";
import { rmsNormOp } from "./rmsNorm.ts";
import { ropeOp } from "./rope.ts";
import { routeExpertsOp } from "./routeExperts.ts";
import { scaleOp } from "./scale.ts";
import { selectRowsOp } from "./selectRows.ts";
import { sigmoidOp } from "./sigmoid.ts";
import { siluOp } from "./silu.ts";
import { sliceOp } from "./slice.ts";
import { softmaxOp } from "./softmax.ts";
import { splitOp } from "./split.ts";
import { swigluOp } from "./swiglu.ts";
import { weightedSumOp } from "./weightedSum.ts";

/** Every operation that Tensorplan brings, one file each. A new one is its file and its line here. */
const ops = [
  embedOp,
  matmulOp,
  gateUpSwigluOp,
  rmsNormOp,
  addRmsNormOp,
  ropeOp,
  addOp,
  mulOp,
  scaleOp,
  siluOp,
  sigmoidOp,
  softmaxOp,
  swigluOp,
  sliceOp,
  concatOp,
  splitOp,
  mergeOp,
  renameOp,
  selectRowsOp,
  cacheAppendOp,
  attentionOp,
  latentAttentionOp,
  pagedScoresOp,
  pagedValuesOp,
  mlaAttentionOp,
  mlaAbsorbQueryOp,
  headMatmulOp,
  mlaDecompressedAttentionOp,
  routeExpertsOp,
  moeOp,
  expertMatmulOp,
  weightedSumOp,
] as const;

/** Names of the operations that our own backends must answer for. */
export type CoreOpName = (typeof ops)[number]["name"];

export const coreOpNames: readonly CoreOpName[] = ops.map(({ name }) => name);

export const coreOps: OpSet = opSet(ops);
