import type { DeviceProfile } from "@tensorplan/backend-api";
import { coreOps } from "@tensorplan/ir";
import { describe, expect, test } from "vitest";
import { explain } from "../explain/explain.ts";
import { explainSplits } from "../explain/explainSplits.ts";
import { explainTransfers, transfersText } from "../explain/explainTransfers.ts";
import type { Rule } from "../rules/rule.ts";
import { grouped, profile, rule, tinyModel } from "../testing/fixtures.ts";
import { plan } from "./makePlan.ts";
import { planFor } from "./places.ts";
import type { Plan, PlanTransfer, PlanVariant } from "./plan.ts";
import { splitProgram } from "./splitProgram.ts";
import { stepTasks } from "./stepTasks.ts";

const layers = 4;
const graph = tinyModel(layers);
const [cpu, gpu] = [profile("cpu"), profile("gpu")];
const matmuls = { op: "matmul", weight: "blk.*" };
const longPrompts = rule("stream long prompts", { ...matmuls, tokens: { atLeast: 32 } }, { stream: ["gpu"] });

const planWith = (rules: readonly Rule[], devices: readonly DeviceProfile[] = [cpu, gpu]): Plan =>
  plan({ graph, ops: coreOps, devices, rules });
const variantOf = (made: Plan, tokens: number): PlanVariant =>
  planFor(made, { tokensPerSequence: tokens, tokens, context: 256, sequences: 1 });
const streamsOf = ({ transfers }: PlanVariant): readonly PlanTransfer[] =>
  transfers.filter(({ kind }) => kind === "stream");
const deviceOf = (made: Plan, { nodes }: PlanVariant, id: string) =>
  nodes.find(({ node }) => made.nodes[node]?.id === id)?.device;
const arenaOf = ({ memory }: PlanVariant, device: string) => memory.find((each) => each.device === device);

describe("a stream rule with a threshold", () => {
  const made = planWith([longPrompts]);
  const [short, long] = [variantOf(made, 1), variantOf(made, 64)];

  test("leaves short steps where the weights live, and there copies nothing", () => {
    expect(streamsOf(short)).toEqual([]);
    expect(deviceOf(made, short, "blk.2.q")).toBe("cpu");
    expect(deviceOf(made, long, "blk.2.q")).toBe("gpu");
    expect(deviceOf(made, long, "logits")).toBe("cpu");
  });

  test("copies each weight once, from its place at home to the arena where the kernel reads it", () => {
    const streams = streamsOf(long);
    expect(streams).toHaveLength(4 * layers);
    expect(made.devices.find(({ id }) => id === "gpu")?.weights).toBe(0);
    for (const { value, from, to, fromRegion, fromOffset, toRegion, toOffset, bytes, ...rest } of streams) {
      const home = made.weights.find(({ weight }) => weight === value);
      expect(home?.copies).toEqual([
        expect.objectContaining({ device: "cpu", offset: fromOffset, bytes, because: { kind: "home" } }),
      ]);
      expect([from, fromRegion, to, toRegion, rest.formula]).toEqual([
        "cpu",
        "weights",
        "gpu",
        "arena",
        String(bytes),
      ]);
      expect(rest).toMatchObject({ rule: longPrompts.name, because: longPrompts.name, layout: "rows" });
      const reader = long.splits.find(({ id }) => id === rest.before[0]);
      expect(reader?.waits).toContain(rest.id);
      const program = splitProgram(made, long, reader as PlanVariant["splits"][number]);
      const node = program.nodes.find(({ id }) => rest.consumers.includes(id));
      expect(node?.inputs.w).toMatchObject({ region: "arena", offset: toOffset, layout: "rows" });
    }
  });

  test("keeps at most two weights at a time, each to its last reader", () => {
    const weight = 64 * 64 * 2;
    const buffers = arenaOf(long, "gpu")?.buffers.filter(({ id }) => id.endsWith(" as rows")) ?? [];
    expect(buffers).toHaveLength(4 * layers);
    for (const { first, last } of buffers) {
      const beside = buffers.filter((other) => other.first <= (last ?? 0) && (other.last ?? 0) >= first);
      expect(beside.length).toBeLessThanOrEqual(3);
      const atOnce = buffers.filter((other) => other.first <= first && (other.last ?? 0) >= first);
      expect(atOnce.length).toBeLessThanOrEqual(2);
    }
    const places = new Set(buffers.map(({ offset }) => offset));
    expect(places.size).toBeLessThan(buffers.length / 2);
    const values = arenaOf(
      variantOf(
        planWith([
          rule("all there", matmuls, { place: "gpu" }),
          rule("held", { weight: "blk.*" }, { replicate: ["gpu"] }),
        ]),
        64,
      ),
      "gpu",
    );
    expect(arenaOf(long, "gpu")?.bytes).toBeLessThanOrEqual((values?.bytes ?? 0) + 2 * weight);
  });

  test("waits for nothing but the last split that may use its bytes", () => {
    const queue = long.splits.filter(({ device }) => device === "gpu").map(({ id }) => id);
    for (const { after, before } of streamsOf(long)) {
      const reader = queue.indexOf(before[0] as string);
      expect(after).toBe(reader < 2 ? null : queue[reader - 2]);
    }
    const tasks = stepTasks(long).filter((task) => task.kind === "copy" && task.stream);
    expect(tasks).toHaveLength(4 * layers);
    expect(tasks.filter(({ waits }) => waits.length === 0).length).toBeGreaterThan(0);
  });

  test("is explained at the node and at the weight", () => {
    const text = explain(made, "blk.1.q");
    const answers = explainTransfers(made).filter(({ variant }) => variant === long.id);
    expect(transfersText(made, answers)).toContain("lives on cpu: blk.*.q.weight");
    const causes = explainSplits(made).find(({ variant }) => variant === long.id)?.boundaries;
    const streamed = causes?.flatMap(({ cause }) => (cause.kind === "weight" ? [cause.value] : [])) ?? [];
    expect(streamed).toContain("blk.0.v.weight");
    expect(text).toContain(
      "Its weight 'blk.1.q.weight' is copied from cpu to gpu in each step (8192 bytes) by rule 'stream long prompts'",
    );
    expect(explain(made, "blk.1.q.weight")).toMatch(
      /In each step of \S+ it is copied to gpu \(8\.00 KiB\) for blk\.1\.q, because of rule 'stream long prompts'/,
    );
  });
});

test("a node that another rule places gets its weight by a stream", () => {
  const made = planWith(
    [
      rule("there", { path: "blk.0.q" }, { place: "gpu" }),
      rule(
        "allowed",
        { weight: "blk.0.q.weight", tokens: { atLeast: 4 } },
        { stream: ["gpu"] },
        { else: "next" },
      ),
      rule("small", { path: "blk.0.q" }, { place: "cpu" }),
    ].map((each) => (each.name === "there" ? { ...each, else: "next" as const } : each)),
  );
  expect(deviceOf(made, variantOf(made, 1), "blk.0.q")).toBe("cpu");
  const long = variantOf(made, 8);
  expect(streamsOf(long).map(({ value, because, rule: by }) => [value, because, by])).toEqual([
    ["blk.0.q.weight", "there", "allowed"],
  ]);
});

test("a weight that may be held there isn't streamed", () => {
  const made = planWith([longPrompts, rule("held", { weight: "blk.0.*" }, { replicate: ["gpu"] })]);
  const streamed = streamsOf(variantOf(made, 64)).map(({ value }) => value);
  expect(streamed).toHaveLength(4 * (layers - 1));
  expect(streamed.some((value) => value.startsWith("blk.0."))).toBe(false);
  const copies = made.weights.find(({ weight }) => weight === "blk.0.q.weight")?.copies;
  expect(copies?.map(({ device, because }) => [device, because])).toEqual([
    ["cpu", { kind: "home" }],
    ["gpu", { kind: "replica", rule: "held" }],
  ]);
});

test("two nodes that read one weight share the copy", () => {
  const made = planWith([rule("table", { weight: "token_embd.weight" }, { stream: ["gpu"] })]);
  const [stream, ...more] = streamsOf(variantOf(made, 64));
  expect(more).toEqual([]);
  expect(stream?.consumers).toEqual(["embed", "logits"]);
});

describe("layouts of streamed weights", () => {
  const withX16 = { first: [grouped] };

  test("are those that the target's kernel reads, held at home", () => {
    const made = planWith([longPrompts], [profile("cpu", withX16), profile("gpu", withX16)]);
    const copies = made.weights.find(({ weight }) => weight === "blk.0.q.weight")?.copies;
    expect(copies?.map(({ device, layout }) => [device, layout])).toEqual([["cpu", "x16"]]);
    expect(streamsOf(variantOf(made, 64))[0]).toMatchObject({ layout: "x16" });
  });

  test("fall back to a kernel whose layout the home can hold", () => {
    const made = planWith([longPrompts], [profile("cpu", { layouts: [] }), profile("gpu", withX16)]);
    expect(streamsOf(variantOf(made, 64))[0]).toMatchObject({ layout: "rows" });
  });

  test("are a reason to refuse the plan where no kernel of the target reads them", () => {
    const only = { kernels: profile("gpu", withX16).kernels.filter(({ name }) => name !== "matmul.any") };
    expect(() => planWith([longPrompts], [profile("cpu", { layouts: [] }), profile("gpu", only)])).toThrow(
      expect.objectContaining({
        code: "plan/refused",
        message: expect.stringContaining(
          "rule 'stream long prompts' can't place matmul 'blk.0.k': gpu can't run it: matmul.x16: w is stored as rows; it reads x16",
        ),
      }),
    );
    const rows = rule("rows", { weight: "blk.*" }, { store: "cpu", layout: "rows" });
    expect(() => planWith([longPrompts, rows], [profile("cpu", withX16), profile("gpu", only)])).toThrow(
      expect.objectContaining({ message: expect.stringContaining("w is stored as rows; it reads x16") }),
    );
  });

  test("may cost a second copy at home, which is counted and said", () => {
    const made = planWith([longPrompts], [cpu, profile("gpu", withX16)]);
    const copies = made.weights.find(({ weight }) => weight === "blk.0.q.weight")?.copies;
    expect(copies?.map(({ device, layout }) => [device, layout])).toEqual([
      ["cpu", "rows"],
      ["cpu", "x16"],
    ]);
    expect(made.warnings.map(({ code }) => code)).toContain("weight-in-two-layouts");
  });
});

test("stream rules that speak of nothing are refused", () => {
  expect(() => planWith([rule("none", { weight: "nothing.*" }, { stream: ["gpu"] })])).toThrow(
    expect.objectContaining({ code: "rules/matches-nothing" }),
  );
  expect(() => planWith([rule("weights", { kind: "weight" }, { stream: ["gpu"] })])).toThrow(
    expect.objectContaining({ code: "rules/stream-selector" }),
  );
  expect(() => planWith([rule("away", matmuls, { stream: ["tpu"] })])).toThrow(
    expect.objectContaining({ code: "rules/unknown-device" }),
  );
});

test("a node whose weight lives elsewhere is refused with the rules that would help", () => {
  expect(() => planWith([rule("there", { path: "blk.0.q" }, { place: "gpu" })])).toThrow(
    expect.objectContaining({
      code: "plan/away-from-weight",
      message: expect.stringContaining("no replicate or stream rule brings it to gpu"),
      hint: expect.stringContaining("cpu"),
    }),
  );
});
