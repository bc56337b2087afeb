import type { DeviceProfile, KernelPredicate, KernelRow } from "@tensorplan/backend-api";
import { ROWS_LAYOUT } from "@tensorplan/backend-api";
import { canonicalJson, type DType, type JsonObject } from "@tensorplan/ir";
import { match } from "ts-pattern";
import type { Bounds } from "../variants/bounds.ts";
import { dimSize, isMultiple, type Shapes, sizeRange } from "./dims.ts";

/** One operand or output as kernel rows see it. */
export interface OperandFacts {
  readonly dtype: DType;
  /** `weight` only for a weight read as it is stored: a view of one must lie in rows. */
  readonly storage: "weight" | "state" | "plain";
  /** The layouts in which it can lie there, where not every one will do. */
  readonly layouts?: readonly string[];
}

/** Everything about a node that decides whether a kernel can run it. */
export interface NodeFacts {
  readonly op: string;
  readonly attrs: JsonObject;
  readonly inputs: ReadonlyMap<string, OperandFacts>;
  readonly outputs: ReadonlyMap<string, OperandFacts>;
  /** Of inputs and outputs. */
  readonly shapes: Shapes;
}

/** Why a kernel isn't used. */
export interface Refusal {
  readonly kernel: string;
  readonly code: "feature" | "operand" | "dtype" | "layout" | "predicate";
  readonly why: string;
}

type Problem = Omit<Refusal, "kernel">;

function operandProblem(
  name: string,
  facts: OperandFacts,
  claims: KernelRow["operands"],
  device: DeviceProfile,
): Problem | undefined {
  const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (claim === undefined) return { code: "operand", why: `it doesn't take ${name}` };
  if (!claim.dtypes.includes(facts.dtype)) {
    return { code: "dtype", why: `${name} is ${facts.dtype}; it takes ${claim.dtypes.join(", ")}` };
  }
  const layout = claim.layout ?? ROWS_LAYOUT;
  if (facts.layouts?.includes(layout) === false) {
    return { code: "layout", why: `${name} is stored as ${facts.layouts.join(" or ")}; it reads ${layout}` };
  }
  if (layout === ROWS_LAYOUT) return undefined;
  if (facts.storage !== "weight") {
    return { code: "layout", why: `it reads ${name} as ${layout}, and only weights are stored so` };
  }
  const info = device.layouts.find((candidate) => candidate.name === layout);
  if (info === undefined) return { code: "layout", why: `${device.id} has no layout ${layout}` };
  return info.dtypes.includes(facts.dtype)
    ? undefined
    : { code: "layout", why: `${facts.dtype} can't be stored as ${layout}` };
}

/** Whether a condition holds for every step inside the bounds. */
export const predicateHolds = (predicate: KernelPredicate, facts: NodeFacts, bounds: Bounds): boolean =>
  match(predicate)
    .with({ kind: "attr" }, ({ name, oneOf }) => {
      const value = canonicalJson((Object.hasOwn(facts.attrs, name) ? facts.attrs[name] : null) ?? null);
      return oneOf.some((allowed) => canonicalJson(allowed) === value);
    })
    .with({ kind: "dim" }, ({ dim, multipleOf = 1, min, max }) => {
      const s = dimSize(dim, facts.shapes);
      // A condition on an operand that may be absent speaks of it only where it is there.
      if (s === undefined) return !facts.inputs.has(dim.slice(0, dim.lastIndexOf(".")));
      const [least, most] = sizeRange(s, bounds);
      return isMultiple(s, multipleOf) && least >= (min ?? 0) && most <= (max ?? Number.POSITIVE_INFINITY);
    })
    .with({ kind: "present" }, ({ operand, present }) => facts.inputs.has(operand) === present)
    .exhaustive();

/** `undefined` where the kernel can run the node for every step inside the bounds, else the first thing that it lacks. */
export function judgeRow(
  row: KernelRow,
  facts: NodeFacts,
  device: DeviceProfile,
  bounds: Bounds,
): Refusal | undefined {
  const refuse = (problem: Problem): Refusal => ({ kernel: row.name, ...problem });
  const lacking = row.requires.filter((feature) => !device.features.includes(feature));
  if (lacking.length > 0) return refuse({ code: "feature", why: `${device.id} lacks ${lacking.join(", ")}` });
  for (const [side, claims] of [
    [facts.inputs, row.operands],
    [facts.outputs, row.outputs],
  ] as const) {
    for (const [name, operand] of side) {
      const problem = operandProblem(name, operand, claims, device);
      if (problem !== undefined) return refuse(problem);
    }
  }
  const failing = row.when.find((predicate) => !predicateHolds(predicate, facts, bounds));
  return failing === undefined ? undefined : refuse({ code: "predicate", why: failing.reason });
}
