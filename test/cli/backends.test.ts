import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test, vi } from "vitest";
import { temporaryFolder, tensorplan } from "./support.ts";

// Suites run whole backends, in processes of their own too: seconds each, minutes where the machine is busy.
vi.setConfig({ testTimeout: 240_000 });

const folder = temporaryFolder();
const root = new URL("../../", import.meta.url).pathname;

/** The code of the tutorial: the JavaScript blocks of its section, one after the other. */
function tutorial(): string {
  const text = readFileSync(join(root, "docs", "backends.md"), "utf8");
  const [, section = ""] = text.split("## Tutorial");
  const [body = ""] = section.split("\n## ");
  return [...body.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code).join("");
}

const tight = (code: string) => code.replaceAll(/\n+/g, "\n");

describe("the tutorial of docs/backends.md", () => {
  test("makes a backend of less than 150 lines, the one that create-backend writes", () => {
    const code = tutorial();
    expect(code.split("\n").length).toBeLessThan(150);
    const template = readFileSync(join(root, "packages/cli/templates/backend/backend.js"), "utf8");
    expect(tight(code)).toBe(tight(template));
  });

  test("whose code, as it stands there, passes the suite", async () => {
    const path = join(folder, "tutorial.mjs");
    writeFileSync(path, tutorial());
    const { code, stdout, stderr } = await tensorplan(["conformance", path, "--json"]);
    expect(stderr).toBe("");
    const report = JSON.parse(stdout);
    expect(report.parts.flatMap(({ failed }: { failed: unknown[] }) => failed)).toEqual([]);
    expect(report).toMatchObject({
      backend: "acme",
      passed: true,
      devices: [{ id: "acme", verdict: "partial" }],
    });
    expect(code).toBe(0);
  });

  test("and runs a part of a model beside the CPU, as planned", async () => {
    const path = join(folder, "tutorial.mjs");
    const rules = join(root, "packages/cli/templates/backend/rules.json");
    const common = ["run", "-p", "In the beginning", "-n", "6", "--temp", "0", "--json"];
    const alone = JSON.parse((await tensorplan(common)).stdout);
    const { code, stdout, stderr } = await tensorplan([
      ...common,
      "--backend",
      `cpu,${path}`,
      "--rules",
      rules,
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const mixed = JSON.parse(stdout);
    expect(mixed.text).toBe(alone.text);
    expect(mixed.plan.splits).toBeGreaterThan(5);
    expect(mixed.differences).toEqual([]);
  });
});

describe("conformance", () => {
  const write = (name: string, change: (code: string) => string): string => {
    const path = join(folder, name);
    writeFileSync(path, change(tutorial()));
    return path;
  };

  test("prints what failed and exits with 1", async () => {
    const path = write("wrong.mjs", (code) => code.replace("(a, b) => a * b)", "(a, b) => a * b * 1.01)"));
    const { code, stdout } = await tensorplan(["conformance", path, "--op", "mul", "--op", "add"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^acme +add +3 +passed/m);
    expect(stdout).toMatch(/^acme +mul +3 +3 failed/m);
    expect(stdout).toContain("away from the definition, more than");
  });

  test("finds a verdict that changes, a compile that writes and a count that is missing", async () => {
    const fickle = write("fickle.mjs", (code) =>
      code.replace("devices: [profile]", "devices: [{ ...profile, memoryBytes: performance.now() }]"),
    );
    const meddling = write("meddling.mjs", (code) =>
      code.replace(
        "  compile({",
        "  compile(program) {\n    program.nodes.pop();\n    return this.make(program);\n  }\n\n  make({",
      ),
    );
    const careless = write("careless.mjs", (code) => code.replace("this.#counts.runs++;", ""));
    const problems = async (path: string) => {
      const { code, stdout } = await tensorplan(["conformance", path, "--json"]);
      expect(code).toBe(1);
      const { parts } = JSON.parse(stdout) as { parts: { failed: { name: string; problem: string }[] }[] };
      return parts
        .flatMap(({ failed }) => failed.map(({ name, problem }) => `${name}: ${problem}`))
        .join("\n");
    };
    expect(await problems(fickle)).toContain("probe says the same when it is asked again");
    expect(await problems(meddling)).toContain("compile changed the program that it was given");
    expect(await problems(careless)).toContain("runs were counted as 0, not 1");
  });

  test("refusing everything is not passing", async () => {
    const path = write("lazy.mjs", (code) =>
      code.replace("kernels: kernels.map(({ row }) => row)", "kernels: []"),
    );
    const { code, stdout } = await tensorplan(["conformance", path]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/acme: nothing, claims 0 of \d+ \(0\.0 %\)/);
  });

  test("lists what complete means, and refuses unknown operations and modules", async () => {
    const { stdout } = await tensorplan(["conformance", "--list", "--json"]);
    const required = JSON.parse(stdout) as { op: string; size: string }[];
    expect(required.length).toBeGreaterThan(100);
    expect(new Set(required.map(({ size }) => size))).toEqual(new Set(["1 token", "512 tokens"]));
    const op = await tensorplan(["conformance", "--op", "matmull"]);
    expect([op.code, op.stderr]).toEqual([1, expect.stringContaining("there is no such operation")]);
    const module = await tensorplan(["conformance", join(folder, "absent.js")]);
    expect([module.code, module.stderr]).toEqual([1, expect.stringContaining("it can't be loaded")]);
  });
});

describe("create-backend", () => {
  const place = mkdtempSync(join(tmpdir(), "tensorplan-backend-"));
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  test("writes a folder that works, and never overwrites", async () => {
    const path = join(place, "my-gpu2");
    const { code, stdout } = await tensorplan(["create-backend", path]);
    expect(code).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(5);
    expect(readFileSync(join(path, "backend.js"), "utf8")).toContain('const NAME = "my-gpu2";');
    const checked = await tensorplan(["conformance", path, "--op", "matmul"]);
    expect(checked.stdout).toMatch(/^my-gpu2 +matmul +3 +passed/m);
    const again = await tensorplan(["create-backend", path]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("nothing is overwritten")]);
    expect((await tensorplan(["create-backend", join(place, "My GPU")])).code).toBe(1);
  });

  test("whose own test passes at once", async () => {
    const run = promisify(execFile);
    const cwd = join(place, "my-gpu2");
    const env = { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: undefined };
    const { stdout } = await run(process.execPath, ["--test", "--test-reporter=tap"], { cwd, env });
    expect(stdout).toMatch(/^# pass 8$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });
});
