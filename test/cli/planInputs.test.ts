import { planFromJson } from "@tensorplan/scheduler";
import { describe, expect, test } from "vitest";
import { tensorplan } from "./support.ts";

const lite = ["plan", "--arch", "deepseek-v2-lite", "--layers", "3"];

describe("a configuration instead of a file", () => {
  test.each(["f16", "q8_0", "iq4_nl", "Q4_K", "iq4_k", "iq1_s"])(
    "is planned with weights in %s",
    async (type) => {
      const { code, stdout } = await tensorplan([...lite, "--type", type, "--json"]);
      expect(code).toBe(0);
      const plan = planFromJson(stdout);
      const experts = plan.weights.find(({ weight }) => weight === "blk.1.ffn_up_exps.weight");
      expect(experts?.dtype).toBe(type.toLowerCase());
    },
  );

  test("takes the sequences that are asked for", async () => {
    const states = async (more: readonly string[]) => {
      const { stdout } = await tensorplan([
        ...lite,
        "--type",
        "q8_0",
        "-c",
        "1024",
        "-ctk",
        "f16",
        "--json",
        ...more,
      ]);
      return planFromJson(stdout).devices.reduce((sum, device) => sum + device.states, 0);
    };
    expect(await states(["-np", "4"])).toBe(4 * (await states([])));
  });

  test("says that weights of a type without kernels can't be computed with", async () => {
    const { stdout } = await tensorplan([...lite, "--type", "iq4_k", "--backend", "cpu"]);
    expect(stdout).toContain("this plan can be read, not run");
  });
});

test.each([
  [["--arch", "deepseek-v2-lite"], "cli/arch-without-type", "--type iq4_nl"],
  [["--type", "q8_0"], "cli/needs-arch", "--arch NAME"],
  [["--layers", "2"], "cli/needs-arch", "--layers"],
  [["--arch", "deepseek-v2-lite", "--type", "q8_0", "-m", "x.gguf"], "cli/model-twice", "x.gguf"],
  [["--arch", "deepseek-v2-lite", "--type", "q8_0", "--layers", "28"], "synth/layers", "27"],
])("plan %s is refused with %s", async (flags, code, hint) => {
  const run = await tensorplan(["plan", ...flags]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(`error[${code}]`);
  expect(run.stderr).toContain(hint);
});
