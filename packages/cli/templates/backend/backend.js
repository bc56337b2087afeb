const NAME = "acme";
/** Tensorplan prints the code and the message, and the hint where there is one. */
const refuse = (code, message, hint) => {
  throw Object.assign(new Error(message), { code: `${NAME}/${code}`, hint });
};

const regions = ["weights", "states", "inputs", "arena"];
const f32 = { dtypes: ["f32"] };
/** One kernel: the row that the scheduler reads, and the function that runs. */
const kernel = (op, operands, run) => ({
  run,
  row: {
    name: `${op}.${NAME}`,
    op,
    operands: Object.fromEntries(operands.map((name) => [name, f32])),
    outputs: { out: f32 },
    cost: { rate: "f32", computeShare: 0.5, memoryShare: 0.5, overheadNs: 2000 },
    requires: [],
    when: [],
    workspace: [],
    status: "ready",
  },
});
/** out[i] = f(first[i], second[i]) for operands of one shape. */
const elementwise = (op, names, f) =>
  kernel(op, names, (inputs, { out }) => {
    const [x, y] = names.map((name) => inputs[name].data);
    for (let i = 0; i < out.data.length; i++) out.data[i] = f(x[i], y?.[i]);
  });

const silu = (x) => x / (1 + Math.exp(-x));
const kernels = [
  elementwise("add", ["a", "b"], (a, b) => a + b),
  elementwise("mul", ["a", "b"], (a, b) => a * b),
  elementwise("silu", ["x"], silu),
  elementwise("swiglu", ["gate", "up"], (gate, up) => silu(gate) * up),
  // x [..., inner], w [outer, inner] → out [..., outer]
  kernel("matmul", ["x", "w"], ({ x, w }, { out }) => {
    const [outer, inner] = w.shape;
    for (let i = 0; i < out.data.length; i++) {
      const [row, column] = [Math.floor(i / outer) * inner, (i % outer) * inner];
      out.data[i] = 0;
      for (let k = 0; k < inner; k++) out.data[i] += x.data[row + k] * w.data[column + k];
    }
  }),
];
const profile = {
  id: NAME,
  backend: NAME,
  name: `the ${NAME} backend`,
  memoryBytes: 2 ** 32,
  hostMemory: true,
  threads: 1,
  features: [],
  bandwidth: 4e9,
  rates: { int8: 1e9, f32: 1e9, f16: 1e9 },
  kernels: kernels.map(({ row }) => row),
  layouts: [{ name: "rows", doc: "row-major, as in the file", rowGroup: 1, dtypes: ["f32", "i32"] }],
};
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const product = (numbers) => numbers.reduce((a, b) => a * b, 1);
/** A size is a sum of products of whole numbers and symbols, such as `64 × heads + tokens`. */
const sizeOf = (size, values) =>
  sum(size.map(({ coefficient, symbols }) => coefficient * product(symbols.map((name) => values[name]))));
class Device {
  id = NAME;
  profile = profile;
  #regions = Object.fromEntries(regions.map((name) => [name, new Uint8Array()]));
  #counts = { peakBytes: 0, bytesIn: 0, bytesOut: 0, loadedBytes: 0, runs: 0 };
  #disposed = false;

  allocate(region, bytes) {
    this.#live()[region] = new Uint8Array(bytes);
    const { peakBytes, regionBytes } = this.counters();
    this.#counts.peakBytes = Math.max(peakBytes, sum(Object.values(regionBytes)));
  }

  async loadWeight(place, source, signal) {
    signal?.throwIfAborted();
    if (place.source.kind !== "tensor" || place.dtype !== source.dtype)
      refuse("weight", `the weight '${place.name}' would have to be converted`, "store it on another device");
    const bytes = await source.readRows(0, product(place.shape.slice(0, -1)));
    this.#span("weights", place.offset, place.bytes).set(bytes);
    this.#counts.loadedBytes += place.bytes;
  }
  write(region, offset, bytes) {
    this.#span(region, offset, bytes.length).set(bytes);
    this.#counts.bytesIn += bytes.length;
  }

  read(region, offset, into) {
    into.set(this.#span(region, offset, into.length));
    this.#counts.bytesOut += into.length;
  }

  counters() {
    const sizes = regions.map((region) => [region, this.#live()[region].length]);
    return { regionBytes: Object.fromEntries(sizes), ...this.#counts };
  }
  compile({ id, symbols, nodes }) {
    this.#live();
    const steps = nodes.map((node) => {
      const found = kernels.find(({ row }) => row.name === node.kernel);
      return { node, compute: found?.run ?? refuse("kernel", `there is no kernel '${node.kernel}'`) };
    });
    const state = { disposed: false };
    const run = async (values, signal) => {
      const sizes = Object.fromEntries(symbols.map((name, i) => [name, values[i]]));
      for (const { node, compute } of steps) {
        signal?.throwIfAborted();
        if (state.disposed) refuse("disposed", `the program '${id}' was disposed of`);
        compute(this.#tensors(node.inputs, sizes), this.#tensors(node.outputs, sizes), node.attrs);
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.#live();
      this.#counts.runs++;
    };
    return { id, run, dispose: () => Object.assign(state, { disposed: true }) };
  }
  dispose() {
    this.#disposed = true;
    this.#regions = {};
  }
  #live = () => (this.#disposed ? refuse("disposed", `the device '${NAME}' was disposed of`) : this.#regions);
  #span(region, offset, bytes) {
    const all = this.#live()[region];
    if (offset + bytes > all.length)
      refuse("range", `${bytes} bytes at ${offset} aren't all inside ${region}`);
    return all.subarray(offset, offset + bytes);
  }

  #tensors(places, sizes) {
    const tensor = (place) => {
      const shape = place.shape.map((size) => sizeOf(size, sizes));
      const span = this.#span(place.region, place.offset, 4 * product(shape));
      return { shape, data: new Float32Array(span.buffer, span.byteOffset, span.length / 4) };
    };
    return Object.fromEntries(Object.entries(places).map(([name, place]) => [name, tensor(place)]));
  }
}
export default {
  apiVersion: 1,
  name: NAME,
  probe: () => ({ kind: "devices", devices: [profile] }),
  open: (id) => (id === NAME ? new Device() : refuse("device", `there is no device '${id}'`)),
};
