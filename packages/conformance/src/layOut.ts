import {
  type DeviceProfile,
  type KernelRow,
  type OperandPlace,
  type ProgramNode,
  type RegionName,
  ROWS_LAYOUT,
  type SplitProgram,
  type WeightPlace,
} from "@tensorplan/backend-api";
import {
  axisSize,
  type Graph,
  type GraphNode,
  outputId,
  resolveShape,
  rowBytes,
  sizedOperand,
  type ValueId,
  type ValueInfo,
  valueTypes,
  type WeightDecl,
} from "@tensorplan/ir";
import type { ConformanceCase } from "./conformanceCase.ts";
import { align, workspaceBytes } from "./rowConditions.ts";

/** Bytes between places that nobody may write. */
const GUARD = 64;

interface Span {
  readonly region: RegionName;
  readonly offset: number;
  readonly bytes: number;
}

export interface CaseLayout {
  readonly program: SplitProgram;
  readonly weights: readonly WeightPlace[];
  readonly regionBytes: Readonly<Record<RegionName, number>>;
  /** Of every value of the graph. */
  readonly places: ReadonlyMap<ValueId, OperandPlace>;
  /** What the kernels may write: outputs with all their room, and work areas. */
  readonly writable: readonly Span[];
}

const regionOf = ({ kind, dtype }: ValueInfo): RegionName => {
  if (kind === "weight") return "weights";
  if (kind === "state") return "states";
  return kind === "input" && dtype === "i32" ? "inputs" : "arena";
};

/** Which node reads each value last; graph outputs are read after all nodes. */
function lastReaders({ nodes, outputs }: Graph): ReadonlyMap<ValueId, number> {
  const last = new Map<ValueId, number>();
  for (const [index, node] of nodes.entries())
    for (const id of Object.values(node.inputs)) last.set(id, index);
  for (const { value } of outputs) last.set(value, Number.POSITIVE_INFINITY);
  return last;
}

/** Lays out one case. */
class Layouter {
  readonly #case: ConformanceCase;
  readonly #device: DeviceProfile;
  readonly #types: ReadonlyMap<ValueId, ValueInfo>;
  readonly #sizes: Record<RegionName, number> = {
    weights: GUARD,
    states: GUARD,
    inputs: GUARD,
    arena: GUARD,
  };
  readonly #spans = new Map<ValueId, Span>();
  readonly #free: Span[] = [];
  readonly #places = new Map<ValueId, OperandPlace>();
  readonly #weights: WeightPlace[] = [];
  readonly #writable: Span[] = [];

  constructor(each: ConformanceCase, device: DeviceProfile) {
    this.#case = each;
    this.#device = device;
    this.#types = valueTypes(each.graph);
  }

  layOut(reuse: boolean): CaseLayout {
    const { graph, rows, mentioned } = this.#case;
    const last = lastReaders(graph);
    const axes = Object.fromEntries(mentioned.map(({ name, size }) => [name, size]));
    const nodes = graph.nodes.map((node, index): ProgramNode => {
      const row = rows[index] as KernelRow;
      const inputs = Object.fromEntries(
        Object.entries(node.inputs).map(([name, id]) => [name, this.#input(id, row.operands[name]?.layout)]),
      );
      const outputs = Object.fromEntries(
        Object.keys(node.outputs).map((name) => [name, this.#output(node, name)]),
      );
      const bytes = workspaceBytes(row, this.#shapes(node), this.#device.threads);
      const work = bytes === 0 ? undefined : this.#take("arena", bytes);
      if (work !== undefined) this.#writable.push(work);
      if (reuse) this.#release(node, index, last);
      const workspace = work === undefined ? null : { offset: work.offset, bytes: work.bytes };
      return {
        id: node.id,
        op: node.op,
        kernel: row.name,
        attrs: node.attrs,
        inputs,
        outputs,
        workspace,
        axes,
      };
    });
    const symbols = Object.keys(graph.symbols).sort();
    return {
      program: { id: graph.name, device: this.#device.id, symbols, nodes },
      weights: this.#weights,
      regionBytes: this.#sizes,
      places: this.#places,
      writable: this.#writable,
    };
  }

  #take(region: RegionName, wanted: number): Span {
    const bytes = align(wanted);
    const known = region === "arena" ? this.#free.findIndex((span) => span.bytes >= bytes) : -1;
    const [found] = known < 0 ? [] : this.#free.splice(known, 1);
    if (found !== undefined) return found;
    const offset = this.#sizes[region];
    this.#sizes[region] += bytes + GUARD;
    return { region, offset, bytes };
  }

  /** Places whose value nobody reads after this node may hold others. */
  #release(node: GraphNode, index: number, last: ReadonlyMap<ValueId, number>): void {
    const values = [
      ...Object.values(node.inputs),
      ...Object.keys(node.outputs).map((name) => outputId(node.id, name)),
    ];
    for (const id of new Set(values)) {
      const span = this.#spans.get(id);
      const shared = [...this.#spans].some(([other, each]) => other !== id && each === span);
      if (span?.region !== "arena" || shared || (last.get(id) ?? index) > index) continue;
      this.#free.push(span);
      this.#spans.delete(id);
    }
  }

  #input(id: ValueId, claimed: string | undefined): OperandPlace {
    const { graph } = this.#case;
    const value = this.#types.get(id) as ValueInfo;
    const layout = claimed ?? ROWS_LAYOUT;
    const decl = graph.weights.find((each) => each.id === id);
    if (!this.#spans.has(id)) {
      if (decl !== undefined) this.#putWeight(decl, layout);
      else this.#spans.set(id, this.#take(regionOf(value), sizedOperand(graph, value, graph.symbols).bytes));
    }
    return this.#place(value, layout);
  }

  #output(node: GraphNode, name: string): OperandPlace {
    const { graph, ops } = this.#case;
    const value = this.#types.get(outputId(node.id, name)) as ValueInfo;
    const alias = ops.get(node.op).aliases[name];
    const shared = alias && this.#spans.get(node.inputs[alias.input] as ValueId);
    const span = shared ?? this.#take("arena", sizedOperand(graph, value, graph.symbols).bytes);
    if (alias === undefined || alias.mutates) this.#writable.push(span);
    this.#spans.set(value.id, span);
    return this.#place(value, ROWS_LAYOUT);
  }

  #place(value: ValueInfo, layout: string): OperandPlace {
    const { region, offset } = this.#spans.get(value.id) as Span;
    const shape = value.axes.map((axis) => axisSize(this.#case.graph, axis));
    const place = { region, offset, dtype: value.dtype, layout, shape };
    this.#places.set(value.id, place);
    return place;
  }

  #putWeight({ id, dtype, source, axes }: WeightDecl, layout: string): void {
    const shape = resolveShape(this.#case.graph, { dtype, axes }, {});
    const rows = shape.at(-2) ?? 1;
    const group = this.#device.layouts.find(({ name }) => name === layout)?.rowGroup ?? 1;
    const leading = shape.slice(0, -2).reduce((product, n) => product * n, 1);
    const bytes = leading * Math.ceil(rows / group) * group * rowBytes(dtype, shape.at(-1) ?? 1);
    const span = this.#take("weights", bytes);
    this.#spans.set(id, span);
    this.#weights.push({ name: id, source, dtype, layout, shape, offset: span.offset, bytes });
  }

  /** Largest sizes of a node's operands and outputs, by name. */
  #shapes(node: GraphNode): Readonly<Record<string, readonly number[]>> {
    const { graph } = this.#case;
    return Object.fromEntries(
      Object.keys(node.outputs)
        .map((name): readonly [string, ValueId] => [name, outputId(node.id, name)])
        .concat(Object.entries(node.inputs))
        .map(([name, id]) => [name, resolveShape(graph, this.#types.get(id) as ValueInfo, graph.symbols)]),
    );
  }
}

/**
 * Gives every value of a case a place with room for its largest size, between guards.
 *
 * @param reuse whether places in the arena hold another value once nobody reads the first any more, as in plans
 */
export const layOut = (each: ConformanceCase, device: DeviceProfile, reuse = false): CaseLayout =>
  new Layouter(each, device).layOut(reuse);
