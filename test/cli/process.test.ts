import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./support.ts";

const program = new URL("../../packages/cli/bin/tensorplan.mjs", import.meta.url).pathname;
const built = existsSync(new URL("../../packages/cli/dist/main.js", import.meta.url));
const folder = temporaryFolder();

const start = (argv: readonly string[]) =>
  spawn(process.execPath, [program, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TENSORPLAN_DEBUG: "" },
  });

const ended = (child: ReturnType<typeof start>) =>
  new Promise<{ code: number | null; stderr: string }>((resolve) => {
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("close", (code) => resolve({ code, stderr }));
  });

/** What only a real process shows; all else is tested in this one. */
describe.skipIf(!built)("the installed command", () => {
  test("passes on exit codes", async () => {
    const [fine, failed, mistaken] = await Promise.all(
      [["--version"], ["inspect", join(folder, "none")], ["--frob"]].map((argv) => ended(start(argv))),
    );
    expect([fine?.code, failed?.code, mistaken?.code]).toEqual([0, 1, 2]);
  });

  test("ends quietly when its reader goes away", async () => {
    const child = start(["inspect", "--json"]);
    const end = ended(child);
    child.stdout.once("data", () => child.stdout.destroy());
    const { code, stderr } = await end;
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("ends soon after Ctrl-C with 130, and leaves no half-written file", async () => {
    const path = join(folder, "lite.gguf");
    const child = start([
      "synth",
      "--arch",
      "deepseek-v2-lite",
      "--layers",
      "2",
      "--type",
      "f32",
      "-o",
      path,
    ]);
    const end = ended(child);
    const writing = () => readdirSync(folder).some((name) => statSync(join(folder, name)).size > 1e7);
    while (!writing()) await new Promise((resolve) => setTimeout(resolve, 10));
    const interrupted = performance.now();
    child.kill("SIGINT");
    const { code } = await end;
    expect(code).toBe(130);
    // 100 ms are promised; a loaded machine schedules late.
    expect(performance.now() - interrupted).toBeLessThan(1000);
    expect(readdirSync(folder)).toEqual([]);
  });
});
