import {
  type DeviceProfile,
  type OperandPlace,
  type ProgramNode,
  type RegionName,
  ROWS_LAYOUT,
  type SplitProgram,
  type WeightPlace,
} from "@tensorplan/backend-api";
import {
  axisSize,
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
  readonly inputs: ProgramNode["inputs"];
  readonly outputs: ProgramNode["outputs"];
  /** What the kernel may write: outputs with all their room, and the work area. */
  readonly writable: readonly Span[];
}

const regionOf = ({ kind, dtype }: ValueInfo): RegionName => {
  if (kind === "weight") return "weights";
  if (kind === "state") return "states";
  return kind === "input" && dtype === "i32" ? "inputs" : "arena";
};

/** Gives every operand and output of a case a place of its own with room for its largest size, between guards. */
export function layOut(
  { row, ops, graph, node, mentioned }: ConformanceCase,
  device: DeviceProfile,
): CaseLayout {
  const sizes: Record<RegionName, number> = { weights: GUARD, states: GUARD, inputs: GUARD, arena: GUARD };
  const take = (region: RegionName, bytes: number): Span => {
    const offset = sizes[region];
    sizes[region] += align(bytes) + GUARD;
    return { region, offset, bytes: align(bytes) };
  };
  const spans = new Map<ValueId, Span>();
  const weights: WeightPlace[] = [];
  const types = valueTypes(graph);
  const placeOf = (value: ValueInfo, layout: string): OperandPlace => {
    const shape = value.axes.map((axis) => axisSize(graph, axis));
    const { region, offset } = spans.get(value.id) as Span;
    return { region, offset, dtype: value.dtype, layout, shape };
  };
  const rowGroup = (layout: string) => device.layouts.find(({ name }) => name === layout)?.rowGroup ?? 1;
  const putWeight = ({ id, dtype, source, axes }: WeightDecl, layout: string): void => {
    const shape = resolveShape(graph, { dtype, axes }, {});
    const [rows, group] = [shape.at(-2) ?? 1, rowGroup(layout)];
    const leading = shape.slice(0, -2).reduce((product, n) => product * n, 1);
    const bytes = leading * Math.ceil(rows / group) * group * rowBytes(dtype, shape.at(-1) ?? 1);
    const span = take("weights", bytes);
    spans.set(id, span);
    weights.push({ name: id, source, dtype, layout, shape, offset: span.offset, bytes });
  };
  const inputs = Object.fromEntries(
    Object.entries(node.inputs).map(([name, id]) => {
      const value = types.get(id) as ValueInfo;
      const layout = row.operands[name]?.layout ?? ROWS_LAYOUT;
      const decl = graph.weights.find((each) => each.id === id);
      if (decl !== undefined) putWeight(decl, layout);
      else spans.set(id, take(regionOf(value), sizedOperand(graph, value, graph.symbols).bytes));
      return [name, placeOf(value, layout)];
    }),
  );
  const writable: Span[] = [];
  const outputs = Object.fromEntries(
    Object.keys(node.outputs).map((name) => {
      const value = types.get(outputId(node.id, name)) as ValueInfo;
      const alias = ops.get(node.op).aliases[name];
      const shared = alias && spans.get(node.inputs[alias.input] as ValueId);
      const span = shared ?? take("arena", sizedOperand(graph, value, graph.symbols).bytes);
      if (alias === undefined || alias.mutates) writable.push(span);
      spans.set(value.id, span);
      return [name, placeOf(value, ROWS_LAYOUT)];
    }),
  );
  const shapes = Object.fromEntries(
    Object.keys(node.outputs)
      .map((name): readonly [string, ValueId] => [name, outputId(node.id, name)])
      .concat(Object.entries(node.inputs))
      .map(([name, id]) => [name, resolveShape(graph, types.get(id) as ValueInfo, graph.symbols)]),
  );
  const bytes = workspaceBytes(row, shapes, device.threads);
  const work = bytes === 0 ? undefined : take("arena", bytes);
  if (work !== undefined) writable.push(work);
  return {
    program: {
      id: row.name,
      device: device.id,
      symbols: Object.keys(graph.symbols).sort(),
      nodes: [
        {
          id: node.id,
          op: node.op,
          kernel: row.name,
          attrs: node.attrs,
          inputs,
          outputs,
          workspace: work === undefined ? null : { offset: work.offset, bytes: work.bytes },
          axes: Object.fromEntries(mentioned.map(({ name, size }) => [name, size])),
        },
      ],
    },
    weights,
    regionBytes: sizes,
    inputs,
    outputs,
    writable,
  };
}
