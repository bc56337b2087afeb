import type { OperandPlace, Program, ProgramNode, SplitProgram } from "@tensorplan/backend-api";
import { type Bindings, evaluateSize, type HostTensor, type OpSet, TensorplanError } from "@tensorplan/ir";
import type { ReferenceMemory } from "./memory.ts";

/** Longest time that the event loop waits while nodes run; one node is the smallest unit. */
const YIELD_AFTER_MS = 15;

const yieldToEvents = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const samePlace = (a: OperandPlace, b: OperandPlace): boolean =>
  a.region === b.region && a.offset === b.offset && a.dtype === b.dtype;

/** Runs the nodes of a split one after the other by their reference implementations. */
export class ReferenceProgram implements Program {
  readonly id: string;
  readonly #program: SplitProgram;
  readonly #ops: OpSet;
  readonly #memory: ReferenceMemory;
  #disposed = false;

  /** @throws TensorplanError `ops/unknown`, `reference/kernel` */
  constructor(program: SplitProgram, ops: OpSet, memory: ReferenceMemory) {
    this.id = program.id;
    this.#program = program;
    this.#ops = ops;
    this.#memory = memory;
    for (const { id, op, kernel } of program.nodes) {
      if (`${ops.get(op).name}.reference` === kernel) continue;
      throw new TensorplanError({
        code: "reference/kernel",
        message: `the node '${id}' is planned with the kernel '${kernel}', which the reference device doesn't have`,
        details: { node: id, op, kernel },
      });
    }
  }

  async run(symbols: readonly number[], signal?: AbortSignal): Promise<void> {
    const bindings = Object.fromEntries(this.#program.symbols.map((name, i) => [name, symbols[i] ?? 0]));
    let started = performance.now();
    for (const node of this.#program.nodes) {
      signal?.throwIfAborted();
      if (this.#disposed) {
        throw new TensorplanError({
          code: "program/disposed",
          message: `the program '${this.id}' was disposed of`,
        });
      }
      this.#runNode(node, bindings);
      if (performance.now() - started < YIELD_AFTER_MS) continue;
      await yieldToEvents();
      started = performance.now();
    }
    signal?.throwIfAborted();
    this.#memory.countRun();
  }

  dispose(): void {
    this.#disposed = true;
  }

  #runNode(node: ProgramNode, bindings: Bindings): void {
    const op = this.#ops.get(node.op);
    const shapeOf = ({ shape }: OperandPlace) => shape.map((size) => evaluateSize(size, bindings));
    const inputs: Record<string, HostTensor> = {};
    for (const [name, place] of Object.entries(node.inputs))
      inputs[name] = this.#memory.tensor(place, shapeOf(place));
    const outputs: Record<string, HostTensor> = {};
    const written: OperandPlace[] = [];
    for (const [name, place] of Object.entries(node.outputs)) {
      const alias = op.aliases[name];
      const shared = alias && this.#shares(node, alias.input, place) ? inputs[alias.input] : undefined;
      if (shared === undefined) {
        const output = this.#memory.tensor(place, shapeOf(place));
        output.data.fill(0);
        outputs[name] = output;
      } else outputs[name] = { dtype: place.dtype, shape: shapeOf(place), data: shared.data };
      if (shared === undefined || alias?.mutates === true) written.push(place);
    }
    op.reference({
      inputs,
      outputs,
      attrs: node.attrs,
      axisSize: (name) => {
        const size = node.axes[name];
        if (size !== undefined) return evaluateSize(size, bindings);
        throw new TensorplanError({
          code: "reference/axis",
          message: `${node.op} '${node.id}' asks for the axis '${name}', which its program doesn't give`,
        });
      },
    });
    for (const place of written) this.#memory.changed(place);
  }

  /** Whether an output lies where the input that it aliases lies: a view, or an update in place. */
  #shares(node: ProgramNode, input: string, output: OperandPlace): boolean {
    const source = node.inputs[input];
    return source !== undefined && samePlace(source, output);
  }
}
