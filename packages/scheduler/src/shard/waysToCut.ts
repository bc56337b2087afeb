import type { Cut } from "./cut.ts";

/** A node's operands as far as cuts concern them. */
export interface CutOperands {
  /** Axes of each operand's value, slowest first, by the operand's name. */
  readonly axes: Readonly<Record<string, readonly string[]>>;
  /** Weights that a rule cuts, by the operand's name. */
  readonly weights: Readonly<Record<string, Cut>>;
  /** Values that lie in parts already, along their fastest axis. */
  readonly values: Readonly<Record<string, Cut>>;
}

/**
 * How a node is done in parts. `beside`: each part makes a range of the fastest axis of the result. `sum`: each part makes a summand of the
 * whole. `inParts`: operands of which each part reads its own range only.
 */
export interface CutWay {
  readonly kind: "beside" | "sum";
  readonly cut: Cut;
  readonly inParts: readonly string[];
}

/** The way, or why there is none. */
export type CutAnswer = CutWay | { readonly refused: string };

/** The one cut of all the operands named, at the same place of their axes. */
function commonCut(
  { weights, axes }: CutOperands,
  places: Readonly<Record<string, number>>,
): Cut | undefined {
  const names = Object.keys(places);
  const cut = weights[names[0] as string];
  const alike = names.every(
    (name) => weights[name] === cut && cut !== undefined && axes[name]?.indexOf(cut.axis) === places[name],
  );
  return alike ? cut : undefined;
}

function cutMatmul(operands: CutOperands): CutAnswer {
  const rows = commonCut(operands, { w: 0 });
  if (rows !== undefined) return { kind: "beside", cut: rows, inParts: [] };
  const cut = operands.weights.w;
  if (cut === undefined) return { refused: "its operand x is a weight" };
  return { kind: "sum", cut, inParts: ["x"] };
}

function cutGateUp(operands: CutOperands): CutAnswer {
  const cut = commonCut(operands, { gate: 0, up: 0 });
  if (cut !== undefined) return { kind: "beside", cut, inParts: [] };
  return { refused: "its gate and up can only be cut together, along the axis that both make" };
}

function cutExperts(operands: CutOperands): CutAnswer {
  const cut = commonCut(operands, { gate: 1, up: 1, down: 2 });
  if (cut !== undefined) return { kind: "sum", cut, inParts: [] };
  return {
    refused: "its gate, up and down can only be cut together, along the axis between them",
  };
}

/** Operations with weights that can be cut. */
const withWeights: Readonly<Record<string, (operands: CutOperands) => CutAnswer>> = {
  matmul: cutMatmul,
  gate_up_swiglu: cutGateUp,
  moe: cutExperts,
};

/** Operations that work element by element on operands of the same axes. */
const elementwise: ReadonlySet<string> = new Set(["silu", "sigmoid", "swiglu", "mul", "add", "scale"]);

const cuttableOps: readonly string[] = Object.keys(withWeights);

/** How a node that reads weights which are cut, or values in parts, is done; `undefined`: whole, on whole values. */
export function wayToCut(op: string, operands: CutOperands): CutAnswer | undefined {
  if (Object.keys(operands.weights).length > 0) {
    const cutter = Object.hasOwn(withWeights, op) ? withWeights[op] : undefined;
    return cutter?.(operands) ?? { refused: `only ${cuttableOps.join(", ")} can be done in parts` };
  }
  if (!elementwise.has(op)) return undefined;
  const names = Object.keys(operands.axes);
  const cut = operands.values[names[0] ?? ""];
  const alike = cut !== undefined && names.every((name) => operands.values[name] === cut);
  return alike ? { kind: "beside", cut, inParts: names } : undefined;
}
