import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { planFromJson } from "@tensorplan/scheduler";
import { describe, expect, test } from "vitest";
import { temporaryFolder, tensorplan } from "./support.ts";

const folder = temporaryFolder();

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

  test("knows its caches to the byte for any context, sequences and type", async () => {
    const flags = [
      ...lite,
      "--type",
      "q8_0",
      "-c",
      "1000",
      "-np",
      "3",
      "-ub",
      "64",
      "-ctk",
      "q8_0",
      "--json",
    ];
    const { states } = planFromJson((await tensorplan(flags)).stdout);
    // Pages hold 64 rows; 32 of a row's 512 + 64 values take 34 bytes.
    const bytes = 3 * Math.ceil(1000 / 64) * 64 * ((576 / 32) * 34);
    expect(states.map((state) => state.bytes)).toEqual([bytes, bytes, bytes]);
  });

  test("says that weights of a type without kernels can't be computed with", async () => {
    const { stdout } = await tensorplan([...lite, "--type", "iq4_k", "--backend", "cpu"]);
    expect(stdout).toContain("this plan can be read, not run");
    expect(stdout).toMatch(/^ +moe +moe\.other\.rows\.avx2 \(planned\) +cpu/m);
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

describe("devices that aren't here", () => {
  test.each(["cpu", "rtx4080", "h100", "8xh100", "2x-e5-2690v3", "ryzen-5975wx"])(
    "%s is planned for, and its profile can be shown",
    async (name) => {
      const { code, stdout } = await tensorplan([...lite, "--type", "iq4_nl", "--devices", name, "--json"]);
      expect(code).toBe(0);
      const shown = await tensorplan(["devices", "--devices", name, "--json"]);
      const ids = planFromJson(stdout).devices.map(({ id }) => id);
      expect(JSON.parse(shown.stdout).devices.map(({ id }: { readonly id: string }) => id)).toEqual(ids);
    },
  );

  test("take weights and caches by ggml's flags and names", async () => {
    const flags = [
      ...lite,
      "--type",
      "iq4_nl",
      "--devices",
      "rtx4080",
      "-ngl",
      "99",
      "-ot",
      "exps=CPU",
      "--json",
    ];
    const plan = planFromJson((await tensorplan(flags)).stdout);
    const home = (name: string) => plan.weights.find(({ weight }) => weight === name)?.copies[0]?.device;
    expect(home("blk.1.ffn_up_exps.weight")).toBe("cpu");
    expect(home("blk.1.attn_output.weight")).toBe("cuda:0");
    expect(plan.states.map(({ device }) => device)).toEqual(["cuda:0", "cuda:0", "cuda:0"]);
    expect(plan.warnings.map(({ code }) => code)).toContain("planned-kernel");
  });

  test("several lines show a profile", async () => {
    const { stdout } = await tensorplan(["devices", "--devices", "8xh100"]);
    expect(stdout).toMatch(/^cuda:7 +cuda +NVIDIA H100/m);
    expect(stdout).toMatch(/^nvlink +380\.0 GB\/s/m);
  });

  test("are refused by a run: kernels that don't exist, devices that aren't here", async () => {
    const card = await tensorplan(["run", "--devices", "rtx4080", "-ngl", "99", "-n", "1"]);
    expect(card.code).toBe(1);
    expect(card.stderr).toContain("error[engine/kernel-planned]");
    const dgx = await tensorplan(["run", "--devices", "8xh100", "-n", "1"]);
    expect(dgx.code).toBe(1);
    expect(dgx.stderr).toContain("error[engine/device-absent]");
  });

  test("can be the ones that are here", async () => {
    const here = JSON.parse((await tensorplan(["devices", "--backend", "cpu", "--json"])).stdout);
    const [cpu] = here[0].devices ?? [];
    if (cpu === undefined) return;
    const path = join(folder, "here.json");
    const { kernels: _, layouts: __, ...figures } = cpu;
    const device = { ...figures, host: "here", threads: 2, kernels: "backend", derivation: ["measured"] };
    writeFileSync(
      path,
      JSON.stringify({
        schema: "tensorplan.devices/1",
        name: "here",
        hosts: [{ id: "here", name: "here" }],
        devices: [device],
      }),
    );
    const flags = ["run", "-p", "In the beginning", "-n", "4", "--temp", "0", "-t", "2"];
    const plain = await tensorplan(flags);
    const profile = await tensorplan([...flags.slice(0, -2), "--devices", path]);
    expect(profile.code).toBe(0);
    expect(profile.stdout).toBe(plain.stdout);
  });
});

test.each([
  [["plan", "--devices", "rtx9090"], 1, "devices/unreadable"],
  [["plan", "--devices", "cpu", "-t", "3"], 1, "cli/devices-twice"],
  [["devices", "--devices", "cpu", "--backend", "cpu"], 2, "--backend"],
])("%s is refused", async (flags, code, what) => {
  const run = await tensorplan(flags);
  expect(run.code).toBe(code);
  expect(run.stderr).toContain(what);
});
