import { evaluateSize } from "@tensorplan/ir";
import ort from "onnxruntime-node";
import { kernels } from "./kernels.js";
import { GraphWriter } from "./onnxFormat.js";
import { refuse } from "./refuse.js";

/** Nodes of one ONNX model at most: between models a run can be stopped. */
const PIECE = 256;
/** Sizes of steps whose models are kept. */
const KEPT = 16;

const keyOf = ({ region, offset }) => `${region} ${offset}`;
const sameShape = (a, b) => a.length === b.length && a.every((size, i) => size === b[i]);

/** The ONNX model of some nodes under given sizes: which places it reads, and which it writes in the order of the nodes. */
function modelOf(nodes, sizes) {
  const graph = new GraphWriter();
  const known = new Map();
  const [reads, writes] = [[], []];
  const shapeOf = (place) => place.shape.map((size) => evaluateSize(size, sizes));
  const operand = (place) => {
    const [key, shape] = [keyOf(place), shapeOf(place)];
    let value = known.get(key);
    if (value === undefined) {
      value = { name: graph.input(shape), shape };
      reads.push({ name: value.name, place, shape });
      known.set(key, value);
    }
    // A view is the same bytes under another shape.
    return sameShape(value.shape, shape) ? value : { name: graph.reshape(value.name, shape), shape };
  };
  for (const { kernel, inputs, outputs, attrs } of nodes) {
    const { write } = kernels.find(({ row }) => row.name === kernel);
    const operands = Object.fromEntries(
      Object.entries(inputs).map(([name, place]) => [name, operand(place)]),
    );
    for (const [output, name] of Object.entries(write(graph, operands, attrs))) {
      const [place, shape] = [outputs[output], shapeOf(outputs[output])];
      graph.output(name, shape);
      writes.push({ name, place, shape });
      known.set(keyOf(place), { name, shape });
    }
  }
  return { bytes: graph.finish(), reads, writes };
}

/** A split. Models are made when they are first needed: ONNX Runtime optimises for fixed sizes, and most steps have the same. */
export class OnnxProgram {
  #memory;
  #symbols;
  #pieces;
  #models = new Map();
  #disposed = false;

  constructor({ id, symbols, nodes }, memory) {
    this.id = id;
    this.#memory = memory;
    this.#symbols = symbols;
    for (const node of nodes) {
      if (kernels.some(({ row }) => row.name === node.kernel)) continue;
      refuse("kernel", `'${node.id}' needs the kernel '${node.kernel}', which there isn't`);
    }
    const count = Math.ceil(nodes.length / PIECE);
    this.#pieces = Array.from({ length: count }, (_, i) => nodes.slice(i * PIECE, (i + 1) * PIECE));
  }

  async run(values, signal) {
    const sizes = Object.fromEntries(this.#symbols.map((name, i) => [name, values[i]]));
    for (const [index, nodes] of this.#pieces.entries()) {
      signal?.throwIfAborted();
      if (this.#disposed) refuse("disposed", `the program '${this.id}' was disposed of`);
      const { session, reads, writes } = await this.#model(index, nodes, sizes);
      const feeds = Object.fromEntries(
        reads.map(({ name, place, shape }) => [
          name,
          new ort.Tensor("float32", this.#memory.floats(place, shape), shape),
        ]),
      );
      const results = await session.run(feeds);
      // In the nodes' order: places are used again once nobody reads what was there.
      for (const { name, place, shape } of writes) this.#memory.floats(place, shape).set(results[name].data);
    }
    signal?.throwIfAborted();
    this.#memory.countRun();
  }

  dispose() {
    this.#disposed = true;
    this.#models.clear();
  }

  async #model(index, nodes, sizes) {
    const key = JSON.stringify([index, sizes]);
    const known = this.#models.get(key);
    if (known !== undefined) return known;
    const { bytes, reads, writes } = modelOf(nodes, sizes);
    const session = await ort.InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    const model = { session, reads, writes };
    if (this.#models.size >= KEPT) this.#models.delete(this.#models.keys().next().value);
    this.#models.set(key, model);
    return model;
  }
}
