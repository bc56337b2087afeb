import { planFromJson } from "@tensorplan/scheduler";
import { describe, expect, test } from "vitest";
import { schedulerReferences } from "../ggml/reference.ts";
import { tensorplan } from "./support.ts";

const lite = ["--arch", "deepseek-v2-lite", "--type", "iq4_nl", "--devices", "h100"];
const small = [...lite, "--layers", "3"];
/** Several plans are made in one test. */
const SLOW = 120_000;

const words = (text: string) => text.split(" ");

describe("--policy ggml", { timeout: SLOW }, () => {
  test("takes llama-bench's words as they stand, and prints the scheduler's listing", async () => {
    const reference = schedulerReferences().find(({ name }) => name === "ngl0-p16");
    const given = words("-t 16 -n 4 -ngl 0 -fa on -p 16 -ub 16 -b 16");
    const { code, stdout } = await tensorplan(["plan", "--policy", "ggml", ...lite, ...given, "--ggml-dump"]);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toEqual(reference?.listing);
  });

  test("makes a plan with ggml's reasons, the same bytes each time", async () => {
    const argv = [
      "plan",
      "--policy",
      "ggml",
      ...small,
      ...words("-ngl 99 -ot exps=CPU -fa on -p 512"),
      "--json",
    ];
    const { stdout } = await tensorplan(argv);
    expect((await tensorplan(argv)).stdout).toBe(stdout);
    const plan = planFromJson(stdout);
    const decode = plan.variants.find(({ id }) => id === "decode");
    const deciding = (id: string) => {
      const at = decode?.nodes.find(({ node }) => plan.nodes[node]?.id === id);
      return [at?.device, decode?.decisions[at?.decision ?? -1]?.rule];
    };
    expect(deciding("blk.1.ffn.experts.gate")).toEqual(["cpu", "ggml: the weight's buffer"]);
    expect(deciding("blk.1.attn.cache")).toEqual(["cuda:0", "ggml: its bytes lie in a buffer"]);
    expect(decode?.splits.length).toBe(6);
    expect(plan.weights.find(({ weight }) => weight === "blk.1.ffn_up_exps.weight")?.decision.rule).toBe(
      "-ot exps=CPU",
    );
  });

  test("says in short where things are, without times that nobody knows", async () => {
    const { code, stdout } = await tensorplan(["plan", "--policy", "ggml", ...small, "--phase", "decode"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +decode +1 new token a sequence +2 splits/m);
    expect(stdout).not.toContain(" t/s");
    expect(stdout).toContain("the graph that llama.cpp reserves memory with");
  });

  test("explains why a node is where it is", async () => {
    const { code, stdout } = await tensorplan([
      "explain",
      "--policy",
      "ggml",
      ...small,
      ...words("-ngl 99 -ot exps=CPU -p 512 blk.1.ffn.experts.gate"),
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain("1 rows, and 32 are needed");
    expect(stdout).toContain("its weight 'blk.1.ffn_gate_exps.weight' lies in the host's memory");
  });

  test("is compared with what rules make of the same flags", async () => {
    const { code, stdout } = await tensorplan([
      "plan",
      "diff",
      "--policy",
      "ggml",
      "--policy",
      "rules",
      ...small,
      ...words("-ngl 99 -ot exps=CPU"),
    ]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ +prefill .*splits 7 > 6, copies 11 > \d+/m);
    expect(stdout).toContain("blk.1.ffn_up_exps.weight");
  });
});

describe("mistakes", () => {
  test.each([
    ["--devices 8xh100", "ggml/devices"],
    ["--devices h100 -ot exps", "ggml/flag"],
    ["--devices h100 -ot exps=CUDA7", "ggml/flag"],
    ["--devices h100 -ot (=CPU", "ggml/flag"],
    ["--devices h100 -ctk q8_0", "ggml/cache-types"],
    ["--devices h100 -fa off -ctk q8_0 -ctv q8_0", "ggml/quantised-values"],
    ["--devices h100 -p 0 -n 0", "ggml/flag"],
    ["--devices h100 -ts 1,1", "cli/policy-flag"],
    ["--devices h100 --type iq4_k", "ggml/unknown-type"],
    ["--devices h100 --arch llama-3.1-8b", "ggml/no-graph"],
  ])("%s is refused with %s", async (given, error) => {
    const argv = ["--policy", "ggml", "--arch", "deepseek-v2-lite", "--type", "iq4_nl", ...words(given)];
    const { code, stdout, stderr } = await tensorplan(["plan", ...argv]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(`error[${error}]`);
  });

  test("flags of llama-bench alone say nothing to rules", async () => {
    const { code, stderr } = await tensorplan(["plan", "-p", "16"]);
    expect(code).toBe(1);
    expect(stderr).toContain("-p has no effect");
    expect((await tensorplan(["plan", "--ggml-dump"])).stderr).toContain("error[cli/policy-flag]");
  });
});
