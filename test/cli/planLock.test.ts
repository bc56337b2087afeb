import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { reference, temporaryFolder, tensorplan } from "./support.ts";

const folder = temporaryFolder();
const model = ["-m", reference("rand-llama.gguf"), "--backend", "reference", "-c", "128"];
const short = ["--tokens", "1,2,3", "-n", "1"];

describe("plan lock", () => {
  test("holds runs to the plan: the same runs, another stops with the differences", async () => {
    const path = join(folder, "a.lock.json");
    const locked = await tensorplan(["plan", "lock", ...model, "-o", path]);
    expect(locked.code).toBe(0);
    expect(locked.stdout).toMatch(/a\.lock\.json: plan [0-9a-f]{12} of llama$/m);
    const same = await tensorplan(["run", ...model, ...short, "--lock", path]);
    expect(same.code).toBe(0);
    const other = await tensorplan(["run", ...model, "-ub", "64", ...short, "--lock", path]);
    expect(other.code).toBe(1);
    expect(other.stdout).toBe("");
    expect(other.stderr).toContain("error[lock/differs]");
    expect(other.stderr).toMatch(/tokens +\d+ > 64/);
    expect((await tensorplan(["plan", "diff", path, ...model])).code).toBe(0);
    expect((await tensorplan(["plan", "diff", path, ...model, "-ub", "64"])).code).toBe(1);
  });

  test("a lock that was edited, is newer, or isn't one is one clear error, and nothing runs", async () => {
    const path = join(folder, "b.lock.json");
    await tensorplan(["plan", "lock", ...model, "-o", path]);
    const text = readFileSync(path, "utf8");
    for (const [changed, code] of [
      [text.replace('"name":"llama"', '"name":"lama"'), "lock/edited"],
      [text.replace("tensorplan.lock/1", "tensorplan.lock/7"), "lock/schema"],
      ["{}", "lock/file"],
    ] as const) {
      expect(changed).not.toBe(text);
      writeFileSync(path, changed);
      const { code: status, stdout, stderr } = await tensorplan(["run", ...model, ...short, "--lock", path]);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr.match(/^error/gm)).toHaveLength(1);
      expect(stderr).toContain(`error[${code}]`);
    }
    const missing = await tensorplan(["run", ...model, ...short, "--lock", join(folder, "none.json")]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no such file") });
    expect(existsSync(join(folder, "none.json"))).toBe(false);
  });
});

describe("plan --what-if", () => {
  const base = ["plan", "-m", reference("rand-deepseek3.gguf"), "--cpu-devices", "2"];

  test("shows what a change would do, and combines changes", async () => {
    const { code, stdout } = await tensorplan([...base, "--what-if", "context=256", "--what-if", "-ngl 1"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\+ plan .* context=256 -ngl 1$/m);
    expect(stdout).toMatch(/slots +\d+ > 256/);
    expect(stdout).toContain("+ '-ngl 1: layers'");
  });

  test("rules are added and taken away", async () => {
    const rule = '{"name":"mine","when":{"weight":"*_exps*"},"do":{"store":"cpu:1"}}';
    const added = await tensorplan([...base, "--json", "--what-if", `rule+=${rule}`]);
    expect(JSON.parse(added.stdout).rules).toEqual([{ rule: "mine", change: "added" }]);
    const flag = await tensorplan([...base, "--json", "--what-if", "rule+=-ot exps=cpu:1"]);
    expect(JSON.parse(flag.stdout).rules).toEqual([{ rule: "-ot exps=cpu:1", change: "added" }]);
    const name = "latent attention expands long prompts";
    const removed = await tensorplan([...base, "--json", "--what-if", `rule-=${name}`]);
    expect(JSON.parse(removed.stdout).rules).toEqual([{ rule: name, change: "removed" }]);
  });

  test("devices change: memory, bandwidth, threads", async () => {
    const { stdout } = await tensorplan([...base, "--json", "--what-if", "cpu:1.memory=3GiB"]);
    const device = JSON.parse(stdout).devices.find((each: { device: string }) => each.device === "cpu:1");
    expect(device.budget.b).toBe(3 * 2 ** 30);
    const slow = await tensorplan([...base, "--json", "--what-if", "cpu:0.bandwidth=1GB/s"]);
    for (const { nanoseconds } of JSON.parse(slow.stdout).times) {
      expect(nanoseconds.b).toBeGreaterThan(nanoseconds.a);
    }
  });

  test("what doesn't fit as it is may fit with the change", async () => {
    const huge = [...base, "-c", "16000000"];
    const { code, stdout, stderr } = await tensorplan([...huge, "--what-if", "context=512"]);
    expect(code).toBe(0);
    expect(stderr).toContain("error[memory/over-budget]");
    expect(stdout).toMatch(/^with context=512:\nplan /);
  });

  test.each([
    ["gpu.memory=1GiB", "there is no device 'gpu'"],
    ["cpu:0.memory=lots", "isn't an amount"],
    ["cpu:0.threads=0", "isn't a whole number"],
    ["cpu:0.colour=red", "can't be changed"],
    ["rule-=nobody", "no rule is called 'nobody'"],
    ["rule+=nonsense", "written as JSON"],
    ["nonsense", "it says nothing"],
    ["cpu:0~cpu:1.bandwidth=1GB/s", "no link"],
    ["cpu:0.memory=1MiB", "more than the 1.00 MiB"],
  ])("%s is refused with one clear error", async (change, message) => {
    const { code, stdout, stderr } = await tensorplan([...base, "--what-if", change]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr.match(/^error/gm)).toHaveLength(1);
  });
});
