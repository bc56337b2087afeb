import type { DeviceProfile, KernelRow } from "@tensorplan/backend-api";
import {
  type Axis,
  axis,
  canonicalJson,
  type DType,
  GraphBuilder,
  type HostTensor,
  type JsonObject,
  type OpSet,
  RandomNumbers,
  type Tensor,
} from "@tensorplan/ir";
import type { ConformanceCase } from "./conformanceCase.ts";
import { fill } from "./drawCase.ts";
import { readyRows, rowHolds, type Shapes } from "./rowConditions.ts";
import { kindDtypes, type OperandKind, type OperandSketch } from "./sketches/sketch.ts";

const tokens = axis("tokens", "tokens");
const widths: readonly [Axis, Axis] = [axis("narrow", 32), axis("wide", 64)];

/** A value in the making: a tensor of [tokens, width], f32. */
interface Value {
  readonly tensor: Tensor;
  readonly width: Axis;
}

/** What a piece needs beside values: weights of these axes. */
interface Piece {
  readonly op: string;
  /** Names of operands that are earlier values, all of one width. */
  readonly values: readonly string[];
  readonly weights?: (from: Axis, to: Axis) => Readonly<Record<string, readonly [OperandKind, ...Axis[]]>>;
  readonly attrs?: (random: RandomNumbers) => JsonObject;
}

const norm = (from: Axis) => ({ weight: ["parameter", from] }) as const;

/** Operations over rows that fit together in any order. */
const pieces: readonly Piece[] = [
  { op: "add", values: ["a", "b"] },
  { op: "mul", values: ["a", "b"] },
  { op: "swiglu", values: ["gate", "up"] },
  { op: "silu", values: ["x"] },
  { op: "sigmoid", values: ["x"] },
  { op: "softmax", values: ["x"] },
  { op: "scale", values: ["x"], attrs: (random) => ({ factor: 2 * random.signed() }) },
  { op: "rms_norm", values: ["x"], weights: norm, attrs: () => ({ eps: 1e-5 }) },
  { op: "add_rms_norm", values: ["a", "b"], weights: norm, attrs: () => ({ eps: 1e-5 }) },
  { op: "matmul", values: ["x"], weights: (from, to) => ({ w: ["weight", to, from] }) },
  {
    op: "gate_up_swiglu",
    values: ["x"],
    weights: (from, to) => ({ gate: ["weight", to, from], up: ["weight", to, from] }),
  },
];

const sizeOf = (each: Axis): number => each.size[0]?.coefficient ?? 1;

/** The first row, as in a plan, that takes a node with these element types, sizes and attributes. */
function rowFor(
  rows: readonly KernelRow[],
  op: string,
  types: Readonly<Record<string, DType>>,
  attrs: JsonObject,
  shapes: readonly Shapes[],
): KernelRow | undefined {
  return rows.find(
    (row) =>
      row.op === op &&
      Object.entries(types).every(([name, dtype]) => row.operands[name]?.dtypes.includes(dtype) === true) &&
      row.outputs.out?.dtypes.includes("f32") === true &&
      shapes.every((each) => rowHolds(row, attrs, each)),
  );
}

/** A graph of several nodes that grows from one input. */
class Growth {
  readonly builder: GraphBuilder;
  readonly chosen: KernelRow[] = [];
  readonly operands: Record<string, HostTensor> = {};
  readonly values: [Value, ...Value[]];
  readonly #rows: readonly KernelRow[];
  readonly #ops: OpSet;
  readonly #random: RandomNumbers;
  readonly #counts: readonly [number, number];

  constructor(rows: readonly KernelRow[], ops: OpSet, random: RandomNumbers, count: number) {
    this.#rows = rows;
    this.#ops = ops;
    this.#random = random;
    this.#counts = [count, 2 * count];
    this.builder = new GraphBuilder("several nodes", { tokens: 2 * count });
    const width = random.pick(widths);
    const tensor = this.builder.input("x", [tokens, width], "f32");
    this.#fill("x", { kind: "values", axes: [tokens, width] }, "f32", [count, sizeOf(width)]);
    this.values = [{ tensor, width }];
  }

  /** Adds a node that the device claims; false where the piece that was drawn isn't claimed. */
  grow(at: number): boolean {
    const random = this.#random;
    const { op, values, weights, attrs: draw } = random.pick(pieces as readonly [Piece, ...Piece[]]);
    if (!this.#ops.has(op)) return false;
    // Late values are picked often, so that chains get long.
    const x = random.below(2) === 0 ? (this.values.at(-1) as Value) : random.pick(this.values);
    const alike = this.values.filter(({ width }) => width === x.width) as [Value, ...Value[]];
    const to = weights === undefined || op.endsWith("rms_norm") ? x.width : random.pick(widths);
    const needed = Object.entries(weights?.(x.width, to) ?? {});
    const stored = this.#dtype(op);
    const attrs = draw?.(random) ?? {};
    const types = Object.fromEntries([
      ...values.map((name) => [name, "f32"] as const),
      ...needed.map(([name, [kind]]) => [name, kind === "parameter" ? "f32" : stored] as const),
    ]) as Readonly<Record<string, DType>>;
    const shapes = this.#counts.map((count) =>
      Object.fromEntries([
        ...values.map((name) => [name, [count, sizeOf(x.width)]] as const),
        ...needed.map(([name, [, ...axes]]) => [name, axes.map(sizeOf)] as const),
        ["out", [count, sizeOf(to)]],
      ]),
    );
    const row = rowFor(this.#rows, op, types, attrs, shapes);
    if (row === undefined) return false;
    const inputs = Object.fromEntries([
      ...values.map((name, i) => [name, i === 0 ? x.tensor : random.pick(alike).tensor] as const),
      ...needed.map(([name, [kind, ...axes]]) => {
        const id = `n${at}.${name}`;
        const dtype = types[name] ?? "f32";
        this.#fill(id, { kind, axes }, dtype, axes.map(sizeOf));
        return [name, this.builder.weight(id, axes, dtype)] as const;
      }),
    ]);
    const made = this.builder.add(this.#ops.get(op), `n${at}`, inputs, attrs);
    this.chosen.push(row);
    this.values.push(...Object.values(made).map((tensor) => ({ tensor, width: to })));
    return true;
  }

  #dtype(op: string): DType {
    const claimed = this.#rows.flatMap((row) =>
      row.op === op ? (row.operands.w ?? row.operands.gate)?.dtypes : undefined,
    );
    const storage = kindDtypes.weight.filter((dtype) => claimed.includes(dtype));
    return storage.length === 0 ? "f32" : this.#random.pick(storage as [DType, ...DType[]]);
  }

  #fill(id: string, sketch: OperandSketch, dtype: DType, shape: readonly number[]): void {
    this.operands[id] = fill(sketch, dtype, shape, this.#random);
  }
}

/**
 * Graphs of several nodes, made of the operations over rows that the device claims: chains and branches, values that are read many times,
 * once, or never. None where it claims none of those.
 */
export function drawGraphs(
  profile: DeviceProfile,
  ops: OpSet,
  seed: number,
  count: number,
): readonly ConformanceCase[] {
  const rows = readyRows(profile);
  const cases: ConformanceCase[] = [];
  for (let i = 0; i < count; i++) {
    const random = new RandomNumbers(seed + 104_729 * (i + 1));
    const bindings = { tokens: 1 + random.below(6) };
    const growth = new Growth(rows, ops, random, bindings.tokens);
    const wanted = 2 + random.below(11);
    for (let tries = 0; growth.chosen.length < wanted && tries < 20 * wanted; tries++)
      growth.grow(growth.chosen.length);
    if (growth.chosen.length === 0) continue;
    growth.values.slice(-2).forEach(({ tensor }, index) => {
      growth.builder.output(`out${index}`, tensor);
    });
    const graph = growth.builder.finish();
    const names = graph.nodes.map(({ op }) => op).join(" ");
    cases.push({
      name: `graph ${i} of ${graph.nodes.length} nodes, tokens ${bindings.tokens}: ${names} ${canonicalJson({ seed })}`,
      rows: growth.chosen,
      ops,
      graph,
      mentioned: [],
      bindings,
      operands: growth.operands,
    });
  }
  return cases;
}
