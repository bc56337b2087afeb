// Runs the C++ tests of the native packages as they are built for use: node scripts/testNative.mjs [package …]
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runCtest } from "./lib/ctest.mjs";
import { exec } from "./lib/exec.mjs";
import { withLock } from "./lib/lock.mjs";
import { nativePackages } from "./lib/nativePackages.mjs";
import { result, summaryLine } from "./lib/report.mjs";
import { findToolchain } from "./lib/toolchain.mjs";

/** Turns the tests on in the package's own build folder, and runs them with the product's compiler flags. */
async function testPackage({ name, folder }, toolchain) {
  const title = `C++ tests of ${name}`;
  const build = join(folder, "build");
  if (!existsSync(join(build, "CMakeCache.txt"))) {
    return result(title, { failed: 1, details: `packages/${name} is not built: run npm run setup\n` });
  }
  const steps = [
    [build, "-DTENSORPLAN_NATIVE_TESTS=ON"],
    ["--build", build, "--config", "Release", "--parallel", String(availableParallelism())],
  ];
  for (const args of steps) {
    const { code, output } = await exec(toolchain.cmake, args, { capture: true });
    if (code !== 0) return result(title, { failed: 1, details: output });
  }
  return runCtest(title, build, { ctest: join(dirname(toolchain.cmake), "ctest") });
}

/** One result per native package that can be built on this machine. */
export async function testNative(names = []) {
  const toolchain = findToolchain();
  if (toolchain.missing !== undefined) {
    return [
      result("C++ tests", { failed: 1, details: `${toolchain.missing}: the native tests cannot run\n` }),
    ];
  }
  const results = [];
  for (const each of nativePackages()) {
    if (names.length > 0 && !names.includes(each.name)) continue;
    if (each.needsCuda && toolchain.nvcc === undefined) continue;
    results.push(await testPackage(each, toolchain));
  }
  return results;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const started = performance.now();
  const results = await withLock(() => testNative(process.argv.slice(2)));
  for (const each of results) {
    if (each.failed > 0) console.error(each.details);
    console.log(summaryLine(each, (performance.now() - started) / 1000));
  }
  process.exitCode = results.some(({ failed }) => failed > 0) ? 1 : 0;
}
