import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder, tensorplan } from "./support.ts";

const folder = temporaryFolder();
const two = ["run", "-p", "In the beginning", "-n", "3", "--temp", "0", "--cpu-devices", "2", "-t", "1"];
const split = ["-ot", "blk.[45]=cpu:1"];

interface Slice {
  readonly ph: string;
  readonly cat?: string;
  readonly args: Readonly<Record<string, number | string>>;
}

test("--trace writes a file for Perfetto, --ledger lists every copy", async () => {
  const path = join(folder, "run.json");
  const { code, stderr } = await tensorplan([...two, ...split, "--trace", path, "--ledger"]);
  expect(stderr).not.toContain("not as planned");
  expect(code).toBe(0);
  const trace = JSON.parse(readFileSync(path, "utf8")) as { traceEvents: Slice[]; otherData: object };
  expect(trace.otherData).toMatchObject({ model: "deepseek2" });
  const transfers = trace.traceEvents.filter(({ cat, ph }) => cat === "transfer" && ph === "X");
  expect(transfers.length).toBeGreaterThan(5);
  const moved = transfers.reduce((sum, { args }) => sum + Number(args.bytes), 0);

  const rows = stderr.split("\n").filter((line) => line.startsWith("transfer "));
  const columns = rows.map((row) => row.split(/\s+/));
  // copy, variant, value, from, to, copies, planned, measured
  expect(columns.reduce((sum, row) => sum + Number(row[6]), 0)).toBe(moved);
  for (const row of columns) expect(row[6]).toBe(row[7]);
  expect(stderr).toMatch(/^copy +variant +value +from +to +copies +planned bytes +measured bytes$/m);
  expect(stderr).toMatch(/^weights +weights +file +cpu:1 +1 +(\d+) +\1$/m);
  expect(stderr).toMatch(/^output +logits +cpu:0 +host +3 +(\d+) +\1$/m);
});

test("run --json has memory and ledger, planned and measured", async () => {
  const { code, stdout } = await tensorplan([...two, ...split, "--json"]);
  expect(code).toBe(0);
  const { memory, ledger, differences, plan } = JSON.parse(stdout);
  expect(differences).toEqual([]);
  expect(ledger.map(({ kind }: { kind: string }) => kind)).toEqual(
    expect.arrayContaining(["weights", "input", "transfer", "output"]),
  );
  for (const { planned, measured } of ledger) expect(measured).toBe(planned);
  for (const { device, peak } of memory) expect(peak).toBe(plan.bytes[device].total);
});

test("a trace that can't be written is an error before anything is loaded", async () => {
  const path = join(folder, "no", "such", "run.json");
  const { code, stdout, stderr } = await tensorplan([...two, "--trace", path]);
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain("there is no such folder");
  expect(existsSync(path)).toBe(false);
});
