import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { reference, temporaryFolder, tensorplan } from "./support.ts";

const folder = temporaryFolder();
const model = ["-m", reference("rand-deepseek3.gguf"), "--cpu-devices", "2"];

async function planFile(name: string, ...flags: readonly string[]): Promise<string> {
  const path = join(folder, name);
  const { stdout, code } = await tensorplan(["plan", "--json", ...model, ...flags]);
  expect(code).toBe(0);
  writeFileSync(path, stdout);
  return path;
}

describe("plan diff", () => {
  test("of files exits with 0 where they are the same and 1 where they differ", async () => {
    const [a, b] = await Promise.all([planFile("a.json", "-ngl", "1"), planFile("b.json", "-ngl", "3")]);
    const same = await tensorplan(["plan", "diff", a, a]);
    expect(same).toMatchObject({ code: 0, stderr: "" });
    expect(same.stdout).toContain("plans are the same");
    const different = await tensorplan(["plan", "diff", a, b]);
    expect(different).toMatchObject({ code: 1, stderr: "" });
    expect(different.stdout).toMatch(/^ {2}\+ '-ngl 3: layers'$/m);
    expect(different.stdout).toMatch(/cpu:0 > cpu:1/);
  });

  test("an option given twice describes two sides", async () => {
    const { code, stdout } = await tensorplan(["plan", "diff", ...model, "-ngl", "1", "-ngl", "3", "--json"]);
    expect(code).toBe(1);
    const diff = JSON.parse(stdout);
    expect(diff.rules).toContainEqual({ rule: "-ngl 1: layers", change: "removed" });
    expect(diff.rules).toContainEqual({ rule: "-ngl 3: layers", change: "added" });
    expect(diff.variants[0].nodes.length).toBeGreaterThan(0);
    const [a, b] = await Promise.all([planFile("c.json", "-ngl", "1"), planFile("d.json", "-ngl", "3")]);
    expect(JSON.parse((await tensorplan(["plan", "diff", a, b, "--json"])).stdout)).toEqual(diff);
  });

  test("--a and --b add flags to one side", async () => {
    const { code, stdout } = await tensorplan([
      "plan",
      "diff",
      ...model,
      "--b",
      "-ot 'blk.1.*=cpu:1' -c 512",
    ]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\+ plan .* -ot 'blk\.1\.\*=cpu:1' -c 512$/m);
    expect(stdout).toMatch(/slots +\d+ > 512/);
  });

  test("two models may be compared, and a file with flags", async () => {
    const models = ["-m", reference("rand-llama.gguf"), "-m", reference("rand-qwen3moe.gguf")];
    const { code, stdout } = await tensorplan(["plan", "diff", ...models]);
    expect(code).toBe(1);
    expect(stdout).toContain("the graphs differ");
    const file = await planFile("e.json", "-ngl", "1");
    expect((await tensorplan(["plan", "diff", file, ...model, "-ngl", "1"])).code).toBe(0);
  });

  test.each([
    ["a file that isn't there", ["/nowhere/a.json", "/nowhere/b.json"], "there is no such file"],
    ["flags that can't be planned", [...model, "--b", "-ot nothing=cpu:1"], "matches nothing"],
    ["an option given three times", [...model, "-ngl", "1", "-ngl", "2", "-ngl", "3"], "given 3 times"],
    ["an unknown flag on one side", [...model, "--b", "--nonsense"], "unknown option"],
  ])("%s is trouble: one error, exit 2", async (_, argv, message) => {
    const { code, stdout, stderr } = await tensorplan(["plan", "diff", ...argv]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
    expect(stderr.match(/^error/gm)).toHaveLength(1);
  });

  test("files that aren't plans, or are of a newer version, are trouble", async () => {
    const path = join(folder, "other.json");
    for (const [text, message] of [
      ["{}", "schema"],
      ["not json", "isn't JSON"],
      [JSON.stringify({ schema: "tensorplan.plan/99" }), "tensorplan.plan/99"],
      [JSON.stringify({ schema: "tensorplan.plan/1" }), "it lacks"],
    ] as const) {
      writeFileSync(path, text);
      const { code, stderr } = await tensorplan(["plan", "diff", path, path]);
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }
  });

  test("flags beside two files would have no effect, and are refused", async () => {
    const path = await planFile("f.json");
    const { code, stderr } = await tensorplan(["plan", "diff", path, path, "-ngl", "2"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--gpu-layers has no effect");
  });
});
