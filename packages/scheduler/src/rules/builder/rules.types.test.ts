import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

/** What can't be must not compile. All fixtures are compiled in one program. */
const prelude = `
import { rules } from "./rules.ts";
const list = rules(["cpu", "cuda:0"]);
`;

/** Code that must compile. */
const right: Readonly<Record<string, string>> = {
  "rules of every kind": `list
    .store("a", { kind: "state", layer: { atLeast: 3 }, or: [{ dtype: "f16" }, { not: { shape: { bytes: { below: 9 } } } }] }, "cuda:0", { layout: "rows" })
    .replicate("b", { weight: "token_embd*" }, ["cpu", "cuda:0"])
    .place("c", { op: "add", path: { regex: "x$" }, phase: "decode", tokens: { below: 4 }, weight: "*", dims: { "x.-1": { below: 4 } } }, "cpu")
    .prefer("d", { not: { op: "add" } }, ["cuda:0", "cpu"], { else: "next", optional: true })
    .follow("e", {}, { operand: "x" })
    .lower("f", { op: "moe" }, ["fused", "primitives"])
    .transfer("g", { kind: "node" })
    .list.map(({ name }) => name);`,
  "ids that are known only at run time": `const ids: readonly string[] = []; rules(ids).place("a", {}, "anything");`,
};

/** Code that must not compile, and what the message must contain. */
const wrong: Readonly<Record<string, readonly [code: string, ...expected: string[]]>> = {
  "a device that isn't there": [`list.store("a", {}, "cuda:1");`, '"cuda:1"', '"cpu" | "cuda:0"'],
  "a device that isn't there, among several": [`list.prefer("a", {}, ["cpu", "gpu"]);`, '"gpu"'],
  "no device": [`list.prefer("a", {}, []);`, "Source has 0 element(s)"],
  "sizes of a step in a store rule": [
    `list.store("a", { tokens: { below: 4 } }, "cpu");`,
    "'tokens' does not exist",
  ],
  "a phase in a store rule": [`list.store("a", { phase: "decode" }, "cpu");`, "'phase' does not exist"],
  "a size in a nested selector of a store rule": [
    `list.store("a", { or: [{ not: { context: { below: 4 } } }] }, "cpu");`,
    "'context' does not exist",
  ],
  "an operation in a store rule": [`list.store("a", { op: "moe" }, "cpu");`, "'op' does not exist"],
  "a node in a store rule": [`list.store("a", { kind: "node" }, "cpu");`, '"node"'],
  "a cache in a replicate rule": [
    `list.replicate("a", { state: "cache.*" }, ["cpu"]);`,
    "'state' does not exist",
  ],
  "a weight in a place rule": [`list.place("a", { kind: "weight" }, "cpu");`, '"weight"'],
  "a field that doesn't exist": [`list.place("a", { ops: "add" }, "cpu");`, "'ops' does not exist"],
  "an element type that doesn't exist": [`list.place("a", { dtype: "q9" }, "cpu");`, '"q9"'],
  "a shape that doesn't exist": [
    `list.place("a", { shape: { depth: {} } }, "cpu");`,
    "'depth' does not exist",
  ],
  "a layout of a place": [`list.place("a", {}, "cpu", { layout: "rows" });`, "'layout' does not exist"],
  "something that nothing can follow": [`list.follow("a", {}, "weights");`, '"weights"'],
  "no lowering": [`list.lower("a", {}, []);`, "Source has 0 element(s)"],
  "another `else`": [`list.place("a", {}, "cpu", { else: "stop" });`, '"stop"'],
};

const cases: readonly (readonly [name: string, code: string])[] = [
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
    customConditions: ["@tensorplan/source"],
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
  const said = new Map<string, string>(cases.map(([name]) => [name, ""]));
  for (const { start = 0, messageText } of program.getSemanticDiagnostics(program.getSourceFile(file))) {
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
