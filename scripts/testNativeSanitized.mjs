// Builds the C++ tests without Node under sanitizers and runs them:
// node scripts/testNativeSanitized.mjs [asan|tsan …] [package …]
import { existsSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runCtest } from "./lib/ctest.mjs";
import { exec } from "./lib/exec.mjs";
import { withLock } from "./lib/lock.mjs";
import { nativePackages } from "./lib/nativePackages.mjs";
import { result, summaryLine } from "./lib/report.mjs";
import { findToolchain } from "./lib/toolchain.mjs";

const sanitizers = {
  asan: {
    title: "AddressSanitizer and UndefinedBehaviorSanitizer",
    flags: "address,undefined",
    env: {
      ASAN_OPTIONS: "detect_stack_use_after_return=1:strict_string_checks=1",
      UBSAN_OPTIONS: "halt_on_error=1:print_stacktrace=1",
    },
  },
  tsan: {
    title: "ThreadSanitizer",
    flags: "thread",
    env: { TSAN_OPTIONS: "halt_on_error=1:second_deadlock_stack=1" },
  },
};

/** A build folder of another checkout or compiler cannot be reused. */
function isForeign(build, folder, toolchain) {
  const cache = join(build, "CMakeCache.txt");
  if (!existsSync(cache)) return existsSync(build);
  const text = readFileSync(cache, "utf8");
  return !(
    text.includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${folder}\n`) &&
    text.includes(`CMAKE_CXX_COMPILER:FILEPATH=${toolchain.cxx}\n`)
  );
}

/** ThreadSanitizer cannot map its shadow memory where addresses are too random; setarch turns that off. */
async function withoutAddressRandomisation() {
  const { code } = await exec("setarch", ["-R", "true"], { capture: true });
  return code === 0 ? ["setarch", "-R"] : [];
}

async function testPackage({ name, folder }, kind, toolchain) {
  const { title, flags, env } = sanitizers[kind];
  const label = `C++ tests of ${name} under ${title}`;
  const build = join(folder, `build-${kind}`);
  if (isForeign(build, folder, toolchain)) rmSync(build, { recursive: true, force: true });
  const steps = [
    [
      "-S",
      folder,
      "-B",
      build,
      "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
      `-DCMAKE_CXX_COMPILER=${toolchain.cxx}`,
      "-DTENSORPLAN_NATIVE_TESTS=ON",
      `-DTENSORPLAN_SANITIZE=${flags}`,
    ],
    ["--build", build, "--parallel", String(availableParallelism())],
  ];
  for (const args of steps) {
    const { code, output } = await exec(toolchain.cmake, args, { capture: true });
    if (code !== 0) return result(label, { failed: 1, details: output });
  }
  const prefix = kind === "tsan" ? await withoutAddressRandomisation() : [];
  return runCtest(label, build, { ctest: join(dirname(toolchain.cmake), "ctest"), prefix, env });
}

/** One result per sanitizer and native package. CUDA code is left out: its runtime does not run under them. */
export async function testNativeSanitized(kinds = Object.keys(sanitizers), names = []) {
  const toolchain = findToolchain();
  if (toolchain.missing !== undefined) {
    return [result("C++ tests under sanitizers", { failed: 1, details: `${toolchain.missing}\n` })];
  }
  const results = [];
  for (const each of nativePackages()) {
    if (each.needsCuda || (names.length > 0 && !names.includes(each.name))) continue;
    for (const kind of kinds) results.push(await testPackage(each, kind, toolchain));
  }
  return results;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const given = process.argv.slice(2);
  const kinds = given.filter((word) => word in sanitizers);
  const names = given.filter((word) => !(word in sanitizers));
  const started = performance.now();
  const results = await withLock(() =>
    testNativeSanitized(kinds.length > 0 ? kinds : Object.keys(sanitizers), names),
  );
  for (const each of results) {
    if (each.failed > 0) console.error(each.details);
    console.log(summaryLine(each, (performance.now() - started) / 1000));
  }
  process.exitCode = results.some(({ failed }) => failed > 0) ? 1 : 0;
}
