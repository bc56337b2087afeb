import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import type { Rule } from "../rules/rule.ts";
import { profile, rule, tinyModel } from "../testing/fixtures.ts";
import { plan } from "./makePlan.ts";

const graph = tinyModel(2);
const cpu = profile("cpu");
const gpu = profile("cuda:0", { hostMemory: false });
const make = (rules: readonly Rule[], devices = [cpu, gpu]) => plan({ graph, ops: coreOps, devices, rules });
const flag = (text: string, name: string, when: Rule["when"], action: Rule["do"]) =>
  rule(name, when, action, { origin: { kind: "flag", text } });
/** These tests leave the second device empty on purpose. */
const besidesIdleDevices = ({ warnings }: ReturnType<typeof make>) =>
  warnings.filter(({ code }) => code !== "idle-device");
const failing = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

test.each<[string, RegExp, Rule]>([
  ["a name", /rule 'a' \(api\) matches nothing/, rule("a", { weight: "blk.9.*" }, { store: "cpu" })],
  ["an operation", /matches nothing/, rule("a", { op: "moe" }, { place: "cpu" })],
  [
    "a size that no step has",
    /no step of this plan has context at least 4096/,
    rule("a", { op: "add", context: { atLeast: 4096 } }, { place: "cpu" }),
  ],
  [
    "what follows a weight, of nodes without",
    /it has no weight/,
    rule("a", { op: "add" }, { follow: "weight" }),
  ],
  [
    "a lowering that the operation hasn't",
    /no such lowering/,
    rule("a", { op: "attention" }, { lower: "folded" }),
  ],
  [
    "copies to nodes that aren't there",
    /matches nothing/,
    rule("a", { op: "moe" }, { transfer: "activations" }),
  ],
])("a rule that matches nothing by %s is an error", (_, message, idle) => {
  expect(() => make([idle])).toThrow(failing("rules/matches-nothing", message));
});

test("a rule that others shadow entirely is an error that names them", () => {
  expect(() =>
    make([
      rule("first layer", { layer: { below: 1 } }, { store: "cuda:0" }),
      rule("second layer", { layer: { atLeast: 1 } }, { store: "cpu" }),
      rule("queries", { weight: "blk.*.q.weight" }, { store: "cuda:0" }),
    ]),
  ).toThrow(
    failing(
      "rules/shadowed",
      /rule 'queries' \(api\) never decides: .* by 'first layer' \(api\), 'second layer' \(api\)$/,
    ),
  );
  expect(() =>
    make([
      rule("decode", { op: "add", phase: "decode" }, { place: "cpu" }),
      rule("prefill", { op: "add", phase: "prefill" }, { place: "cuda:0" }),
      rule("sums", { path: "blk.*.residual" }, { place: "cuda:0" }),
    ]),
  ).toThrow(failing("rules/shadowed", /'sums' .* 'decode' \(api\), 'prefill' \(api\)/));
});

test("a rule with a size of its own decides where the one before it doesn't", () => {
  const rules = [
    rule("decode", { op: "add", phase: "decode" }, { place: "cpu" }),
    rule("sums", { path: "blk.*.residual" }, { place: "cuda:0" }),
  ];
  expect(make(rules).warnings).toEqual([]);
});

test.each<[string, Rule["do"], Rule["do"]]>([
  ["homes", { store: "cpu" }, { store: "cuda:0" }],
  ["replicas", { replicate: ["cuda:0"] }, { replicate: ["cuda:0"] }],
])("two rules of one selector and different %s contradict each other", (_, first, second) => {
  const head = { weight: "token_embd.weight" };
  expect(() =>
    make([
      rule("logits there", { path: "logits" }, { prefer: ["cuda:0", "cpu"] }),
      rule("a", head, first),
      rule("b", head, second),
    ]),
  ).toThrow(failing("rules/contradiction", /rule 'b' \(api\) speaks of the same as rule 'a' \(api\)/));
});

test("two places for the same nodes contradict each other, unless the first may be refused", () => {
  const rules = (otherwise: "error" | "next") => [
    rule("a", { op: "add" }, { place: "cuda:0" }, { else: otherwise }),
    rule("b", { op: "add" }, { place: "cpu" }),
  ];
  expect(() => make(rules("error"))).toThrow(failing("rules/contradiction", /'b' .* 'a'/));
  const weak = profile("cuda:0", { without: ["add"] });
  expect(make(rules("next"), [cpu, weak]).variants[0]?.decisions.map(({ rule: name }) => name)).toContain(
    "b",
  );
});

test("a rule that is refused everywhere and gives way is only warned of, with the reason", () => {
  const weak = profile("cuda:0", { without: ["add"] });
  const made = make([rule("sums", { op: "add" }, { place: "cuda:0" }, { else: "next" })], [cpu, weak]);
  expect(besidesIdleDevices(made)).toMatchObject([
    {
      code: "rule-decides-nothing",
      message: "rule 'sums' (api) decides nothing: cuda:0 has no kernel for add",
    },
  ]);
});

test("a replicate rule that no node needs is only warned of", () => {
  const made = make([rule("twice", { weight: "token_embd.weight" }, { replicate: ["cuda:0"] })]);
  expect(made.warnings[0]?.message).toContain("nothing that it allows was needed");
});

test("rules of one flag are judged together", () => {
  const layers = flag("-x 2", "layers", { layer: { atLeast: 0 } }, { store: "cuda:0" });
  const head = flag("-x 2", "head", { weight: "output*" }, { store: "cuda:0" });
  expect(make([layers, head]).warnings).toEqual([]);
  expect(() => make([head])).toThrow(failing("rules/matches-nothing", /rule 'head' \(-x 2\)/));
  expect(() => make([rule("all", {}, { store: "cpu" }), layers, head])).toThrow(
    failing("rules/shadowed", /'layers' \(-x 2\).*'all'/),
  );
});

test("an optional rule may decide nothing", () => {
  const made = make([
    rule("all", {}, { store: "cpu" }),
    rule("later", { layer: { atLeast: 1 } }, { store: "cuda:0" }, { optional: true }),
    rule("experts", { weight: "*exps*" }, { store: "cuda:0" }, { optional: true }),
  ]);
  expect(besidesIdleDevices(made)).toEqual([]);
});

test("defaults that decide nothing are only listed", () => {
  expect(make([]).rules.map(({ name }) => name)).toContain("experts in one kernel");
});

test("ggml's names of devices are ids in the plan", () => {
  const made = make([
    rule("first", { layer: { below: 1 } }, { store: "CUDA0" }),
    rule("sums", { op: "add" }, { prefer: ["CUDA0", "CPU"] }),
  ]);
  expect(made.rules.slice(0, 2).map((each) => each.do)).toEqual([
    { store: "cuda:0" },
    { prefer: ["cuda:0", "cpu"] },
  ]);
});

test("a plan's own rules give the plan again", () => {
  const made = make([rule("second", { layer: { atLeast: 1 } }, { store: "cuda:0" })]);
  expect(make(made.rules)).toEqual(made);
});

test("without strictness what can't be obeyed gives way", () => {
  const weak = profile("cuda:0", { without: ["add"] });
  const rules = [rule("sums", { op: "add" }, { place: "cuda:0" })];
  const made = plan({ graph, ops: coreOps, devices: [cpu, weak], rules, strict: false });
  expect(made.rules[0]?.else).toBe("next");
  expect(besidesIdleDevices(made).map(({ code }) => code)).toEqual(["rule-decides-nothing"]);
});

test("a flag that says what would be so anyway is warned of", () => {
  const caches = flag("-x", "caches", { kind: "state" }, { store: "cpu" });
  expect(make([caches]).warnings).toContainEqual(
    expect.objectContaining({
      code: "flag-changes-nothing",
      message:
        "-x changes nothing: all that it speaks of would live there without it, by 'weights and caches live on the first device'",
    }),
  );
  const codes = (...rules: readonly Rule[]) => make(rules).warnings.map(({ code }) => code);
  const layers = rule("layers", { layer: { atLeast: 1 } }, { store: "cuda:0" });
  expect(codes(caches, layers)).toEqual([]);
  expect(codes(flag("-y", "all", {}, { store: "cpu" }))).not.toContain("flag-changes-nothing");
});
