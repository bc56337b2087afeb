import type { SizedOperand } from "../../op/op.ts";

/** Bytes of the experts' weights that are read at most: every choice may fall on another expert. */
export const expertBytes = ({ bytes, shape }: SizedOperand, choices: number): number => {
  const [experts = 1] = shape;
  return (bytes / Math.max(1, experts)) * Math.min(experts, choices);
};
