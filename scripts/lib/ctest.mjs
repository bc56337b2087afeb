import { existsSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { exec } from "./exec.mjs";
import { result } from "./report.mjs";

/** Counts in the opening tag of a JUnit report, or undefined if it is none. */
export function readCounts(text) {
  const tag = /<testsuite\b[^>]*>/.exec(text)?.[0];
  if (tag === undefined) return undefined;
  const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(tag)?.[1] ?? 0);
  const [total, failed, skipped] = [
    number("tests"),
    number("failures"),
    number("skipped") + number("disabled"),
  ];
  return { passed: total - failed - skipped, failed, skipped };
}

/** Runs the ctest tests of a CMake build folder; no tests there is a result of zeros. */
export async function runCtest(name, build, { ctest = "ctest", prefix = [], env = {} } = {}) {
  if (!existsSync(join(build, "CTestTestfile.cmake"))) return result(name, {});
  const report = join(build, "tensorplan-ctest.xml");
  rmSync(report, { force: true });
  const [program, ...args] = [
    ...prefix,
    ctest,
    "--test-dir",
    build,
    "--build-config",
    "Release",
    "--output-on-failure",
    "--parallel",
    String(availableParallelism()),
    "--timeout",
    "300",
    "--output-junit",
    report,
  ];
  const { code, output } = await exec(program, args, { capture: true, env });
  const counts = existsSync(report) ? readCounts(readFileSync(report, "utf8")) : undefined;
  if (counts === undefined) {
    if (code === 0 && /No tests were found/i.test(output)) return result(name, {});
    return result(name, { failed: 1, details: output });
  }
  const failed = code !== 0 && counts.failed === 0 ? 1 : counts.failed;
  return result(name, { ...counts, failed, details: output });
}
