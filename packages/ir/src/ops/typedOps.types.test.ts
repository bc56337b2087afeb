import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

/**
 * Wrong model code must not compile, and what the compiler prints must name the axes. All fixtures are compiled in one program.
 */

const prelude = `
import { axis, concatAxis, productAxis } from "../axis/axis.ts";
import type { Axis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
${[
  "add addRmsNorm attention cacheAppend concat embed expertMatmul gateUpSwiglu headMatmul latentAttention matmul merge",
  "mlaAbsorbQuery mlaAttention mlaDecompressedAttention moe mul pagedScores pagedValues rename rmsNorm rope routeExperts",
  "scale selectRows silu slice softmax split swiglu weightedSum",
]
  .join(" ")
  .split(" ")
  .map((name) => `import { ${name} } from "./${name}.ts";`)
  .join("\n")}
const tokens = axis("tokens", "tokens"), outputs = axis("outputs", "outputs"), embd = axis("embd", 64), ffn = axis("ffn", 128);
const heads = axis("heads", 2), kvHeads = axis("kv_heads", 1), dim = axis("dim", 32), vocab = axis("vocab", 100);
const nope = axis("nope", 32), turned = axis("turned", 32), latent = axis("latent", 32), value = axis("value", 32);
const query = concatAxis("query", nope, turned), row = concatAxis("row", latent, turned);
const queries = productAxis("queries", heads, query), attended = productAxis("attended", heads, value);
const experts = axis("experts", 8), used = axis("used", 2), slots = axis("slots", "slots");
const b = new GraphBuilder("fixtures", { tokens: 4, outputs: 4, slots: 64, sequences: 1, pages: 1 });
const x = b.input("x", [tokens, embd], "f32");
const y = b.input("y", [tokens, ffn], "f32");
const ids = b.input("ids", [tokens], "i32");
const rows = b.input("rows", [outputs], "i32");
const norm = b.weight("norm", [embd], "f32");
const w = b.weight("w", [ffn, embd], "q8_0" as StorageDType);
const wq = b.weight("wq", [queries, embd], "f16");
const wc = b.weight("wc", [row, embd], "f16");
const paging = {
  positions: b.input("positions", [tokens], "i32"),
  sequenceOf: b.input("sequence_of", [tokens], "i32"),
  pageTable: b.input("page_table", [axis("sequences", "sequences"), axis("pages", "pages")], "i32"),
};
const late = {
  positions: b.input("late_positions", [outputs], "i32"),
  sequenceOf: b.input("late_sequence_of", [outputs], "i32"),
  pageTable: paging.pageTable,
};
const q = split("q", matmul("q_rows", x, wq));
const c = matmul("c", x, wc);
const state = b.state("cache", [slots, row], "f16");
const cache = cacheAppend("append", state, c, ids);
const kB = b.weight("k_b", [heads, latent, nope], "f16");
const kUp = b.weight("k_up", [heads, nope, latent], "f16");
const vB = b.weight("v_b", [heads, value, latent], "f16");
const mla = { scale: 1, nope, rope: turned, latent };
const angles = { style: "neox", base: 1e4 } as const;
const router = b.weight("router", [experts, embd], "f32");
const routed = routeExperts("route", matmul("logits", x, router), { gating: "softmax", used, normalise: true, scale: 1 });
const up = b.weight("up", [experts, ffn, embd], "q8_0"), down = b.weight("down", [experts, embd, ffn], "q8_0");
const k = b.state("k", [slots, kvHeads, dim], "f16"), v = b.state("v", [slots, kvHeads, value], "f16");
const hq = b.input("hq", [tokens, heads, dim], "f32");
`;

/** Code that must compile. */
const right: Readonly<Record<string, string>> = {
  "a chain of operations has the axes that it says": `
    const out: Tensor<readonly [Axis<"tokens">, Axis<"embd">], "f32"> =
      matmul("o", merge("m", mlaAttention("a", { q, cache, kB, kUp, vB, paging }, mla), attended), b.weight("wo", [embd, attended], "f16"));
    const last: Tensor<readonly [Axis<"outputs">, Axis<"embd">], "f32"> = selectRows("s", add("r", x, out), rows);`,
  "parts of concatenated axes can be named": `
    const part: Tensor<readonly [Axis<"tokens">, Axis<"latent">], "f32"> = slice("s", c, latent);
    rope("r", rmsNorm("n", c, b.weight("n2", [latent], "f32"), { eps: 1e-6, part: latent }), paging.positions, { ...angles, part: turned });
    concat("c2", part, slice("t", c, turned), row);`,
  "experts take routing as it comes": `moe("moe", x, routed, { gate: up, up, down });
    const each: Tensor<readonly [Axis<"tokens">, Axis<"used">, Axis<"ffn">], "f32"> = expertMatmul("e", x, up, routed.ids);
    weightedSum("ws", expertMatmul("d", each, down, routed.ids), routed.weights);`,
  "grouped attention": `const o: Tensor<readonly [Axis<"tokens">, Axis<"heads">, Axis<"value">], "f32"> = attention("a2", hq, k, v, paging, { scale: 1 });`,
  "a renamed axis is another axis": `const r: Tensor<readonly [Axis<"outputs">, Axis<"embd">], "f32"> = rename("rn", x, tokens, outputs);`,
};

/** Code that must not compile, and what the message must contain. */
const wrong: Readonly<Record<string, readonly [code: string, ...says: string[]]>> = {
  "matmul: inner axes": [`matmul("e", y, w);`, "matmul: x ends in axis 'ffn', but w reads axis 'embd'"],
  "matmul: element type of x": [`matmul("e", ids, w);`, 'Axis<"tokens">', '"i32"', '"f32"'],
  "matmul: element type of w": [
    `matmul("e", x, b.input("wi", [ffn, embd], "i32"));`,
    'Axis<"embd">',
    '"i32"',
  ],
  "matmul: rank of w": [`matmul("e", x, up);`, 'Axis<"experts">', "3 element(s)"],
  "a result of other axes": [
    `const r: Tensor<readonly [Axis<"tokens">, Axis<"embd">], "f32"> = matmul("e", x, w);`,
    'Axis<"ffn">',
    'Axis<"embd">',
  ],
  "embed: ids": [`embed("e", w, x);`, 'Axis<"tokens">', 'Axis<"embd">'],
  "gateUpSwiglu: two storage types": [
    `gateUpSwiglu("e", x, b.weight("g16", [ffn, embd], "f16"), b.weight("g8", [ffn, embd], "q8_0"));`,
    'Axis<"ffn">',
    '"q8_0"',
  ],
  "gateUpSwiglu: axes of the halves": [
    `gateUpSwiglu("e", x, b.weight("g1", [ffn, embd], "f16"), b.weight("u1", [vocab, embd], "f16"));`,
    "gate has the axes [ffn, embd], but up has [vocab, embd]",
  ],
  "rmsNorm: axis of the weight": [
    `rmsNorm("e", y, norm, { eps: 0 });`,
    "the norm runs over axis 'ffn', but weight has axis 'embd'",
  ],
  "rmsNorm: a part of an axis without parts": [
    `rmsNorm("e", x, b.weight("nl", [latent], "f32"), { eps: 0, part: latent });`,
    "axis 'embd' has no parts, so 'latent' can't be one",
  ],
  "rmsNorm: a stored weight": [
    `rmsNorm("e", x, b.weight("n8", [embd], "q8_0"), { eps: 0 });`,
    'Axis<"embd">',
    '"q8_0"',
  ],
  "addRmsNorm: axes": [
    `addRmsNorm("e", x, y, norm, { eps: 0 });`,
    "a has the axes [tokens, embd], but b has [tokens, ffn]",
  ],
  "add: axes": [`add("e", x, y);`, "add: a has the axes [tokens, embd], but b has [tokens, ffn]"],
  "mul: rank": [`mul("e", x, q);`, "mul: a has the axes [tokens, embd], but b has [tokens, heads, query]"],
  "swiglu: axes": [
    `swiglu("e", x, y);`,
    "swiglu: gate has the axes [tokens, embd], but up has [tokens, ffn]",
  ],
  "scale: element type": [`scale("e", ids, 2);`, 'Axis<"tokens">', '"i32"'],
  "softmax: element type": [`softmax("e", state);`, 'Axis<"slots">', '"f16"'],
  "silu: element type": [`silu("e", rows);`, 'Axis<"outputs">', '"i32"'],
  "rope: positions of other tokens": [
    `rope("e", x, rows, angles);`,
    "rope: x runs over axis 'tokens', but positions over axis 'outputs'",
  ],
  "rope: an axis that isn't a part": [
    `rope("e", c, ids, { ...angles, part: nope });`,
    "the parts of axis 'row' are [latent, turned], and 'nope' isn't one",
  ],
  "slice: an axis that isn't a part": [
    `slice("e", c, nope);`,
    "slice: the parts of axis 'row' are [latent, turned], and 'nope' isn't one",
  ],
  "concat: parts": [
    `concat("e", slice("s", c, turned), slice("t", c, latent), row);`,
    "the operands end in [turned, latent], but the new axis has the parts [latent, turned]",
  ],
  "split: an axis that isn't a product": [`split("e", x);`, "split: axis 'embd' isn't a product of two axes"],
  "merge: factors": [
    `merge("e", q, attended);`,
    "merge: x ends in [heads, query], but the new axis has the factors [heads, value]",
  ],
  "rename: an axis that isn't there": [
    `rename("e", x, ffn, dim);`,
    "rename: x has the axes [tokens, embd], and 'ffn' isn't one",
  ],
  "selectRows: rank": [`selectRows("e", q, rows);`, 'Axis<"heads">'],
  "cacheAppend: row": [
    `cacheAppend("e", state, x, ids);`,
    "a cache row has the axes [row], but a row to write [embd]",
  ],
  "cacheAppend: slots": [
    `cacheAppend("e", state, c, rows);`,
    "rows run over axis 'tokens', but slots over axis 'outputs'",
  ],
  "cacheAppend: a cache of i32": [
    `cacheAppend("e", b.state("si", [slots, row], "i32"), c, ids);`,
    'Axis<"slots">',
    '"i32"',
  ],
  "attention: head size": [
    `attention("e", hq, b.state("k2", [slots, kvHeads, nope], "f16"), v, paging, { scale: 1 });`,
    "attention: q ends in axis 'dim', but a row of k holds axis 'nope'",
  ],
  "attention: heads of k and v": [
    `attention("e", hq, k, b.state("v2", [slots, heads, value], "f16"), paging, { scale: 1 });`,
    "attention: k has axis 'kv_heads', but v has axis 'heads'",
  ],
  "attention: positions of other tokens": [
    `attention("e", hq, k, v, late, { scale: 1 });`,
    "attention: queries run over axis 'tokens', but the positions over axis 'outputs'",
  ],
  "latentAttention: row": [
    `latentAttention("e", q, cache, paging, { scale: 1, values: latent });`,
    "latent_attention: q ends in axis 'query', but a cache row holds axis 'row'",
  ],
  "latentAttention: values": [
    `latentAttention("e", b.input("qr", [tokens, heads, row], "f32"), cache, paging, { scale: 1, values: nope });`,
    "the parts of axis 'row' are [latent, turned], and 'nope' isn't one",
  ],
  "pagedScores: row": [
    `pagedScores("e", q, cache, paging, { scale: 1, context: axis("context", 64) });`,
    "paged_scores: q ends in axis 'query', but a cache row holds axis 'row'",
  ],
  "pagedValues: part": [
    `pagedValues("e", hq, cache, paging, { values: nope });`,
    "paged_values: the parts of axis 'row' are [latent, turned], and 'nope' isn't one",
  ],
  "mlaAttention: heads": [
    `mlaAttention("e", { q, cache, kB, kUp: b.weight("ku", [kvHeads, nope, latent], "f16"), vB, paging }, mla);`,
    "mla_attention: q has axis 'heads', but kUp has axis 'kv_heads'",
  ],
  "mlaAttention: kB and kUp exchanged": [
    `mlaAttention("e", { q, cache, kB: kUp, kUp: kB, vB, paging }, mla);`,
    'Axis<"nope">',
    'Axis<"latent">',
  ],
  "mlaAttention: rope isn't a part of the cache row": [
    `mlaAttention("e", { q, cache: b.state("c2", [slots, concatAxis("other", latent, dim)], "f16"), kB, kUp, vB, paging }, mla);`,
    "the parts of axis 'other' are [latent, dim], and 'turned' isn't one",
  ],
  "mlaAbsorbQuery: new row": [
    `mlaAbsorbQuery("e", q, kB, { nope, rope: turned, into: query });`,
    "the new query is [latent, turned], but the axis has the parts [nope, turned]",
  ],
  "mlaDecompressedAttention: latent": [
    `mlaDecompressedAttention("e", { q, cache, kUp, vB, paging }, { ...mla, latent: value });`,
    "the parts of axis 'row' are [latent, turned], and 'value' isn't one",
  ],
  "headMatmul: heads": [
    `headMatmul("e", q, b.weight("hw", [kvHeads, value, query], "f16"));`,
    "head_matmul: x has axis 'heads', but w has axis 'kv_heads'",
  ],
  "routeExperts: bias": [
    `routeExperts("e", matmul("l2", x, router), { gating: "sigmoid", used, normalise: true, scale: 1, bias: norm });`,
    "route_experts: logits has axis 'experts', but bias has axis 'embd'",
  ],
  "moe: axes of down": [
    `moe("e", x, routed, { gate: up, up, down: up });`,
    "moe: down must have the axes [experts, embd, ffn], but it has [experts, ffn, embd]",
  ],
  "moe: input": [
    `moe("e", y, routed, { gate: up, up, down });`,
    "moe: x ends in axis 'ffn', but gate reads axis 'embd'",
  ],
  "expertMatmul: inner axis": [
    `expertMatmul("e", y, up, routed.ids);`,
    "expert_matmul: x ends in axis 'ffn', but w reads axis 'embd'",
  ],
  "weightedSum: weights": [
    `weightedSum("e", expertMatmul("em", x, up, routed.ids), x);`,
    "weighted_sum: x runs over [tokens, used], but weights over [tokens, embd]",
  ],
};

const cases = [
  ...Object.entries(right),
  ...Object.entries(wrong).map(([name, [code]]) => [name, code] as const),
];

/** Compiles all cases, each in a block of its own, and returns what the compiler says of each. */
function compile(): ReadonlyMap<string, string> {
  const file = path.join(path.dirname(fileURLToPath(import.meta.url)), "fixtures.ts");
  const starts: number[] = [];
  let text = prelude;
  for (const [, code] of cases) {
    starts.push(text.length);
    text += `{ ${code} }\n`;
  }
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
    noErrorTruncation: true,
  };
  const host = ts.createCompilerHost(options);
  const real = ts.createCompilerHost(options);
  host.fileExists = (name) => name === file || real.fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2023)
      : real.getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  const said = new Map<string, string>(cases.map(([name]) => [name, ""]));
  for (const { start = 0, messageText } of program.getSemanticDiagnostics(source)) {
    const name = cases[starts.findLastIndex((from) => from <= start)]?.[0] ?? "prelude";
    said.set(name, `${said.get(name) ?? ""}${ts.flattenDiagnosticMessageText(messageText, "\n")}\n`);
  }
  return said;
}

const said = compile();

test("the declarations that all fixtures use compile", () => {
  expect(said.get("prelude")).toBeUndefined();
});

test.each(Object.keys(right))("compiles: %s", (name) => {
  expect(said.get(name)).toBe("");
});

test.each(Object.entries(wrong))("says what is wrong: %s", (name, [, ...expected]) => {
  for (const text of expected) expect(said.get(name)).toContain(text);
});
