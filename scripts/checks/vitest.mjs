import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../lib/exec.mjs";
import { root } from "../lib/paths.mjs";
import { result } from "../lib/report.mjs";

const name = "behaviour (vitest)";

/** All vitest files of the workspace; its own report goes to the terminal, the counts come from its JSON. */
export async function runVitest() {
  const report = join(root, ".stamp", "vitest.json");
  rmSync(report, { force: true });
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const { code, output } = await exec(
    process.execPath,
    [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    { capture: true, echo: true },
  );
  let counts;
  try {
    counts = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return result(name, { failed: 1, details: `vitest left no report (exit ${code})\n${output}` });
  }
  const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, testResults } = counts;
  // A file that could not be loaded has no tests to fail, and an error outside any test fails none of them.
  const unloaded = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((t) => t.status !== "failed"),
  ).length;
  const known = numFailedTests + unloaded;
  const failed = code !== 0 && known === 0 ? 1 : known;
  return result(name, { passed, failed, skipped: numPendingTests + numTodoTests });
}
