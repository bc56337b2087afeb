import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder, tensorplan } from "./support.ts";

const folder = temporaryFolder();
const base = ["synth", "--arch", "deepseek-v2-lite", "--type", "iq4_nl", "--layers", "1"];

describe("synth", () => {
  test("refuses a folder that isn't there before it makes anything", async () => {
    const { code, stderr } = await tensorplan([...base, "-o", join(folder, "no", "x.gguf")]);
    expect(code).toBe(1);
    expect(stderr).toContain("error[gguf/unwritable]");
  });

  test("refuses more layers than the model has", async () => {
    const path = join(folder, "x.gguf");
    const { code, stderr } = await tensorplan([...base.slice(0, -1), "28", "-o", path]);
    expect(code).toBe(1);
    expect(stderr).toContain("error[synth/layers]");
    expect(existsSync(path)).toBe(false);
  });

  test("refuses what doesn't fit on the disk", async () => {
    const path = join(folder, "huge.gguf");
    const { code, stderr } = await tensorplan(["synth", "--arch", "kimi-k2", "--type", "f32", "-o", path]);
    expect(code).toBe(1);
    expect(stderr).toContain("error[gguf/disk-full]");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("Ctrl-C in the middle ends with 130 and leaves nothing", async () => {
    const cancel = new AbortController();
    const running = tensorplan([...base, "-o", join(folder, "x.gguf")], { signal: cancel.signal });
    while (!readdirSync(folder).some((name) => statSync(join(folder, name)).size > 1e6)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    cancel.abort();
    expect((await running).code).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
  });
});
