const f32 = { dtypes: ["f32"] };
/** Types that are decoded to f32 when a weight is loaded. */
const stored = { dtypes: ["f32", "f16", "bf16", "q8_0", "iq4_nl"] };

/**
 * A kernel: the row that the scheduler reads, and how its node is written as ONNX nodes.
 *
 * @param write (graph, operands by name with `name` and `shape`, attributes) → names of the outputs
 */
const kernel = (op, operands, outputs, write, when = []) => ({
  write,
  row: {
    name: `${op}.onnxruntime`,
    op,
    operands,
    outputs: Object.fromEntries(outputs.map((name) => [name, f32])),
    requires: [],
    when,
    workspace: [],
    cost: { rate: "f32", computeShare: 0.6, memoryShare: 0.6, overheadNs: 20_000 },
    status: "ready",
  },
});

const silu = (graph, x) => graph.node("Mul", [x, graph.node("Sigmoid", [x])]);

/** x / √(mean of squares over the fastest axis + ε) · weight */
function norm(graph, x, weight, eps, rank) {
  const squares = graph.node("ReduceMean", [graph.node("Mul", [x, x])], { axes: [rank - 1], keepdims: 1 });
  const root = graph.node("Sqrt", [graph.node("Add", [squares, graph.scalar(eps)])]);
  return graph.node("Mul", [graph.node("Div", [x, root]), weight]);
}

/** x [..., inner], w [outer, inner] → [..., outer] */
function product(graph, x, w) {
  const inner = x.shape.at(-1);
  const outer = w.shape[0];
  const leading = x.shape.slice(0, -1);
  const rows = leading.reduce((count, size) => count * size, 1);
  const flat = x.shape.length === 2 ? x.name : graph.reshape(x.name, [rows, inner]);
  const out = graph.node("Gemm", [flat, w.name], { transB: 1 });
  return x.shape.length === 2 ? out : graph.reshape(out, [...leading, outer]);
}

const wholeRows = [{ kind: "attr", name: "part", oneOf: [null], reason: "it norms whole rows" }];

export const kernels = [
  kernel("add", { a: f32, b: f32 }, ["out"], (graph, { a, b }) => ({
    out: graph.node("Add", [a.name, b.name]),
  })),
  kernel("mul", { a: f32, b: f32 }, ["out"], (graph, { a, b }) => ({
    out: graph.node("Mul", [a.name, b.name]),
  })),
  kernel("scale", { x: f32 }, ["out"], (graph, { x }, { factor }) => ({
    out: graph.node("Mul", [x.name, graph.scalar(factor)]),
  })),
  kernel("silu", { x: f32 }, ["out"], (graph, { x }) => ({ out: silu(graph, x.name) })),
  kernel("sigmoid", { x: f32 }, ["out"], (graph, { x }) => ({ out: graph.node("Sigmoid", [x.name]) })),
  kernel("swiglu", { gate: f32, up: f32 }, ["out"], (graph, { gate, up }) => ({
    out: graph.node("Mul", [silu(graph, gate.name), up.name]),
  })),
  kernel(
    "rms_norm",
    { x: f32, weight: f32 },
    ["out"],
    (graph, { x, weight }, { eps }) => ({ out: norm(graph, x.name, weight.name, eps, x.shape.length) }),
    wholeRows,
  ),
  kernel(
    "add_rms_norm",
    { a: f32, b: f32, weight: f32 },
    ["out", "sum"],
    (graph, { a, b, weight }, { eps }) => {
      const sum = graph.node("Add", [a.name, b.name]);
      return { sum, out: norm(graph, sum, weight.name, eps, a.shape.length) };
    },
  ),
  kernel("matmul", { x: f32, w: stored }, ["out"], (graph, { x, w }) => ({ out: product(graph, x, w) })),
  kernel("gate_up_swiglu", { x: f32, gate: stored, up: stored }, ["out"], (graph, { x, gate, up }) => ({
    out: graph.node("Mul", [silu(graph, product(graph, x, gate)), product(graph, x, up)]),
  })),
];
