import type { Axes, Axis, ConcatAxis, ProductAxis } from "../axis/axis.ts";
import { printSize, sizeSymbols, sizesEqual } from "../axis/size.ts";
import { type DType, dtypes } from "../dtype/index.ts";
import { type ErrorDetails, TensorplanError } from "../errors.ts";
import type { Op, TypedAxes } from "../op/op.ts";
import {
  GRAPH_SCHEMA,
  type Graph,
  type GraphNode,
  type NodeId,
  outputId,
  type TensorType,
  type ValueDecl,
  type ValueId,
  type WeightDecl,
  type WeightSource,
} from "./graph.ts";
import type { Tensor } from "./tensor.ts";

/** The first stack frame outside the IR: the line of the model that asked. */
const askingLine = (): string | undefined =>
  new Error().stack
    ?.split("\n")
    .slice(1)
    .find(
      (line) => !/packages[\\/]ir[\\/](src|dist)[\\/](?!.*\.test\.)/.test(line) && !line.includes("node:"),
    )
    ?.trim()
    .replace(/^at /, "");

const innerAxes = (axis: Axis | ProductAxis | ConcatAxis): Axes =>
  "factors" in axis ? axis.factors : "parts" in axis ? axis.parts : [];

/** Raises the error of a type rule; the builder adds the node and the model's line. */
export function fail(code: string, message: string, details: ErrorDetails = {}, hint?: string): never {
  throw new TensorplanError({ code, message, details, hint });
}

/** Collects nodes in the order in which the model states them; `finish` freezes the graph. */
export class GraphBuilder {
  readonly #name: string;
  readonly #symbols: Readonly<Record<string, number>>;
  readonly #axes = new Map<string, Axis>();
  readonly #inputs: ValueDecl[] = [];
  readonly #weights: WeightDecl[] = [];
  readonly #states: ValueDecl[] = [];
  readonly #nodes: GraphNode[] = [];
  readonly #outputs: { name: string; value: ValueId }[] = [];
  readonly #taken = new Set<string>();
  #scope: readonly string[] = [];
  #origin: string | undefined;

  /** @param symbols largest value of each symbol that sizes may use */
  constructor(name: string, symbols: Readonly<Record<string, number>>) {
    this.#name = name;
    this.#symbols = symbols;
  }

  /** Node paths inside `body` start with `path.`. */
  scope<T>(path: string, body: () => T): T {
    const before = this.#scope;
    this.#scope = [...before, path];
    try {
      return body();
    } finally {
      this.#scope = before;
    }
  }

  /** Nodes added inside `body` are marked as made by a rewrite. */
  withOrigin<T>(origin: string, body: () => T): T {
    const before = this.#origin;
    this.#origin = origin;
    try {
      return body();
    } finally {
      this.#origin = before;
    }
  }

  /** A tensor that comes from outside. A part of a larger graph calls it as that graph does: `path:output` for a node's second output. */
  input<const A extends Axes, const D extends DType>(name: string, axes: A, dtype: D): Tensor<A, D> {
    const tensor = this.#declare(name, axes, dtype, /^[A-Za-z0-9][^\s:]*(:[^\s:]+)?$/);
    this.#inputs.push({ id: tensor.id, ...this.#typeOf(axes, dtype) });
    return tensor;
  }

  /** A constant whose bytes come from a file. Its last axis must fill whole blocks of `dtype`. */
  weight<const A extends Axes, const D extends DType>(
    name: string,
    axes: A,
    dtype: D,
    source: WeightSource = { kind: "tensor", tensor: name },
  ): Tensor<A, D> {
    const tensor = this.#declare(name, axes, dtype);
    this.#weights.push({ id: tensor.id, ...this.#typeOf(axes, dtype), source });
    return tensor;
  }

  /** Memory that outlives a step, such as a cache. Operations that change it return its next version. */
  state<const A extends Axes, const D extends DType>(name: string, axes: A, dtype: D): Tensor<A, D> {
    const tensor = this.#declare(name, axes, dtype);
    this.#states.push({ id: tensor.id, ...this.#typeOf(axes, dtype) });
    return tensor;
  }

  output(name: string, tensor: Tensor): void {
    this.#outputs.push({ name, value: tensor.id });
  }

  /** Makes an axis, its parts and its factors known by name, for attributes that mention them. Idempotent for the same axis. */
  declareAxis(axis: Axis): void {
    const known = this.#axes.get(axis.name);
    if (known === axis) return;
    if (known !== undefined && !sizesEqual(known.size, axis.size)) {
      fail("axis/redeclared", `the axis '${axis.name}' is declared twice with different sizes`, {
        first: printSize(known.size),
        second: printSize(axis.size),
        hint: "axes are declared once: pass the same axis object around, or give this one another name",
      });
    }
    for (const symbol of sizeSymbols(axis.size)) {
      if (this.#symbols[symbol] === undefined) {
        fail(
          "axis/unknown-symbol",
          `the axis '${axis.name}' uses '${symbol}', which the graph doesn't declare`,
          {
            symbols: Object.keys(this.#symbols),
          },
        );
      }
    }
    const inner = innerAxes(axis);
    // The structure of a product or a concatenation is worth keeping: split() reads it.
    if (known === undefined || inner.length > 0) this.#axes.set(axis.name, axis);
    for (const each of inner) this.declareAxis(each);
  }

  /** Adds a node: checks operands and attributes, runs the type rule, and returns the outputs by name. */
  add(
    op: Op,
    at: string,
    inputs: Readonly<Record<string, Tensor | undefined>>,
    attrs: object = {},
  ): Readonly<Record<string, Tensor>> {
    const id = [...this.#scope, at].join(".") as NodeId;
    try {
      return this.#add(op, id, inputs, attrs);
    } catch (error) {
      if (!(error instanceof TensorplanError) || "node" in error.details) throw error;
      const line = askingLine();
      throw new TensorplanError({
        code: error.code,
        message: `${op.name} '${id}': ${error.message}`,
        hint: error.hint,
        details: { op: op.name, node: id, ...error.details, ...(line === undefined ? {} : { asked: line }) },
        cause: error,
      });
    }
  }

  finish(): Graph {
    return Object.freeze({
      schema: GRAPH_SCHEMA,
      name: this.#name,
      symbols: this.#symbols,
      axes: Object.fromEntries(
        [...this.#axes.entries()]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, axis]) => [name, printSize(axis.size)]),
      ),
      inputs: Object.freeze([...this.#inputs]),
      weights: Object.freeze([...this.#weights]),
      states: Object.freeze([...this.#states]),
      nodes: Object.freeze([...this.#nodes]),
      outputs: Object.freeze([...this.#outputs]),
    });
  }

  #add(
    op: Op,
    id: NodeId,
    inputs: Readonly<Record<string, Tensor | undefined>>,
    rawAttrs: object,
  ): Readonly<Record<string, Tensor>> {
    const parsed = op.parseAttrs(rawAttrs);
    if (!parsed.ok) fail("op/attribute", `wrong attribute ${parsed.problem}`);
    const operands: Record<string, ValueId> = {};
    const types: Record<string, TypedAxes> = {};
    for (const { name, optional } of op.inputs) {
      const tensor = inputs[name];
      if (tensor === undefined) {
        if (!optional) fail("op/operand-missing", `the operand '${name}' is missing`);
        continue;
      }
      if (tensor.builder !== this)
        fail("op/foreign-operand", `the operand '${name}' belongs to another graph`);
      operands[name] = tensor.id;
      types[name] = { dtype: tensor.dtype, axes: tensor.axes };
    }
    for (const name of Object.keys(inputs)) {
      if (!op.inputs.some((operand) => operand.name === name))
        fail("op/operand-unknown", `there is no operand '${name}'`);
    }
    const inferred = op.infer({
      inputs: types,
      attrs: parsed.attrs,
      axis: (name) =>
        this.#axes.get(name) ?? fail("axis/unknown", `there is no axis '${name}' in this graph`),
    });
    this.#take(id);
    const outputs: Record<string, TensorType> = {};
    const tensors: Record<string, Tensor> = {};
    for (const [name, type] of Object.entries(inferred)) {
      for (const axis of type.axes) this.declareAxis(axis);
      outputs[name] = this.#typeOf(type.axes, type.dtype);
      const value = outputId(id, name);
      if (name !== "out" && this.#taken.has(value)) {
        fail("graph/duplicate-path", `'${value}' is an input, and an output of a node too`);
      }
      tensors[name] = this.#handle(value, type.axes, type.dtype);
    }
    const origin = this.#origin;
    this.#nodes.push(
      Object.freeze({
        id,
        op: op.name,
        inputs: operands,
        attrs: parsed.attrs,
        outputs,
        ...(origin === undefined ? {} : { origin }),
      }),
    );
    return tensors;
  }

  #declare<const A extends Axes, const D extends DType>(
    name: string,
    axes: A,
    dtype: D,
    allowed?: RegExp,
  ): Tensor<A, D> {
    for (const axis of axes) this.declareAxis(axis);
    const last = axes.at(-1);
    const { blockSize } = dtypes[dtype];
    const [term, ...more] = last?.size ?? [];
    if (
      blockSize > 1 &&
      (term === undefined || more.length > 0 || term.symbols.length > 0 || term.coefficient % blockSize !== 0)
    ) {
      fail(
        "dtype/partial-block",
        `'${name}' is ${dtype}, but its last axis '${last?.name}' doesn't fill whole blocks of ${blockSize}`,
        {
          axis: last?.name ?? "none",
          size: last === undefined ? 0 : printSize(last.size),
        },
      );
    }
    this.#take(name, allowed);
    return this.#handle(name as ValueId, axes, dtype);
  }

  #take(id: string, allowed = /^[A-Za-z0-9][^\s:]*$/): void {
    if (!allowed.test(id)) {
      fail(
        "graph/path",
        `'${id}' can't be a path: paths start with a letter or a digit and have no spaces or colons`,
      );
    }
    if (this.#taken.has(id)) {
      fail(
        "graph/duplicate-path",
        `'${id}' is used twice`,
        {},
        "give each node its own path (scope() adds a prefix)",
      );
    }
    this.#taken.add(id);
  }

  #typeOf(axes: readonly Axis[], dtype: DType): TensorType {
    return { dtype, axes: axes.map((axis) => axis.name) };
  }

  #handle<const A extends Axes, const D extends DType>(id: ValueId, axes: A, dtype: D): Tensor<A, D> {
    return Object.freeze({ id, axes, dtype, builder: this });
  }
}
