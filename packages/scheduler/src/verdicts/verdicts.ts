import type { DeviceProfile, KernelRow } from "@tensorplan/backend-api";
import { canonicalJson, type Size } from "@tensorplan/ir";
import type { NodeInfo, Operand } from "../graph/graphView.ts";
import type { Bounds } from "../variants/bounds.ts";
import { predicateCuts, type StepCut } from "./predicateCuts.ts";
import { judgeRow, type NodeFacts, type OperandFacts, type Refusal } from "./row.ts";

/** What one device can do for one node: the kernel that would run it, and every kernel before it with why not. */
export interface Verdict {
  readonly device: number;
  readonly kernel: KernelRow | undefined;
  readonly refused: readonly Refusal[];
}

/** The layouts in which a kernel on a device may read a weight; `undefined`: any. */
export type LayoutWish = (weight: string, device: number) => readonly string[] | undefined;

const noWish: LayoutWish = () => undefined;

const operandKey = ({ name, value }: Operand): string =>
  `${name}:${value.type}${value.kind === "weight" ? "w" : value.root.kind === "state" ? "s" : ""}`;

const factsOf = (operands: readonly Operand[], wish: (weight: string) => readonly string[] | undefined) =>
  new Map(
    operands.map(({ name, value }): [string, OperandFacts] => {
      const layouts = value.root.kind === "weight" ? wish(value.root.id) : undefined;
      const storage = value.kind === "weight" ? "weight" : value.root.kind === "state" ? "state" : "plain";
      return [name, { dtype: value.dtype, storage, ...(layouts === undefined ? {} : { layouts }) }];
    }),
  );

/** Shapes of a node's operands and outputs by name; an output that is called like an operand doesn't hide it. */
export const shapesOf = ({ operands, outputs }: NodeInfo): ReadonlyMap<string, readonly Size[]> =>
  new Map([...outputs, ...operands].map(({ name, value }) => [name, value.shape]));

/**
 * Evaluates kernel rows. Models repeat the same few kinds of node over all layers, so verdicts are remembered by all that they depend
 * on: operation, attributes, types of operands and outputs, layouts asked for.
 */
export class Verdicts {
  readonly #devices: readonly DeviceProfile[];
  readonly #rows: readonly ReadonlyMap<string, readonly KernelRow[]>[];
  readonly #wish: LayoutWish;
  /** By bounds; then by signature and device, and by the layouts asked for where any are. */
  readonly #known = new Map<string, { readonly plain: Verdict[]; readonly wished: Map<string, Verdict> }>();
  readonly #signatures = new Map<string, number>();
  readonly #signatureOf = new WeakMap<NodeInfo, number>();
  readonly #cuts = new Map<string, StepCut[]>();

  constructor(devices: readonly DeviceProfile[], wish: LayoutWish = noWish) {
    this.#devices = devices;
    this.#wish = wish;
    this.#rows = devices.map(({ kernels }) => {
      const byOp = new Map<string, KernelRow[]>();
      for (const row of kernels) {
        const rows = byOp.get(row.op);
        if (rows === undefined) byOp.set(row.op, [row]);
        else rows.push(row);
      }
      return byOp;
    });
  }

  /** @param boundsKey names the bounds: equal keys mean equal bounds */
  judge(info: NodeInfo, device: number, bounds: Bounds, boundsKey: string): Verdict {
    let known = this.#known.get(boundsKey);
    if (known === undefined) {
      known = { plain: [], wished: new Map() };
      this.#known.set(boundsKey, known);
    }
    const index = this.signature(info) * this.#devices.length + device;
    let wishes = "";
    for (const { name, value } of info.operands) {
      const wish = value.root.kind === "weight" ? this.#wish(value.root.id, device) : undefined;
      if (wish !== undefined) wishes += ` ${name} ${wish.join("/")}`;
    }
    const before = wishes === "" ? known.plain[index] : known.wished.get(index + wishes);
    if (before !== undefined) return before;
    const verdict = this.#evaluate(info, device, bounds, boundsKey);
    if (wishes === "") known.plain[index] = verdict;
    else known.wished.set(index + wishes, verdict);
    return verdict;
  }

  /** Step sizes inside the bounds at which a verdict given for them would change: where to cut the box, so that it doesn't. */
  cutsWithin(boundsKey: string): readonly StepCut[] {
    return this.#cuts.get(boundsKey) ?? [];
  }

  /** The same number for nodes that every kernel treats alike. */
  signature(info: NodeInfo): number {
    const known = this.#signatureOf.get(info);
    if (known !== undefined) return known;
    const { node, operands, outputs } = info;
    const text = [
      node.op,
      ...operands.map(operandKey),
      "",
      ...outputs.map(operandKey),
      canonicalJson(node.attrs),
    ].join(" ");
    const signature = this.#signatures.get(text) ?? this.#signatures.size;
    this.#signatures.set(text, signature);
    this.#signatureOf.set(info, signature);
    return signature;
  }

  #evaluate(info: NodeInfo, device: number, bounds: Bounds, boundsKey: string): Verdict {
    const profile = this.#devices[device] as DeviceProfile;
    const facts: NodeFacts = {
      op: info.node.op,
      attrs: info.node.attrs,
      inputs: factsOf(info.operands, (weight) => this.#wish(weight, device)),
      outputs: factsOf(info.outputs, () => undefined),
      shapes: shapesOf(info),
    };
    const refused: Refusal[] = [];
    for (const row of this.#rows[device]?.get(info.node.op) ?? []) {
      const refusal = judgeRow(row, facts, profile, bounds);
      if (refusal === undefined) return { device, kernel: row, refused };
      refused.push(refusal);
      if (refusal.code !== "predicate") continue;
      const cuts = predicateCuts(row, facts, bounds);
      if (cuts.length > 0) this.#cuts.set(boundsKey, [...this.cutsWithin(boundsKey), ...cuts]);
    }
    return { device, kernel: undefined, refused };
  }
}

/** Why a device has no kernel for a node, in one line. */
export function whyNot(verdict: Verdict, device: DeviceProfile, op: string): string {
  if (verdict.refused.length === 0) return `${device.id} has no kernel for ${op}`;
  return `${device.id} can't run it: ${verdict.refused.map(({ kernel, why }) => `${kernel}: ${why}`).join("; ")}`;
}
