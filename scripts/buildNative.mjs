// Builds the native add-ons: node scripts/buildNative.mjs [package …]. Incremental; all cores.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { exec } from "./lib/exec.mjs";
import { withLock } from "./lib/lock.mjs";
import { nativePackages } from "./lib/nativePackages.mjs";
import { root } from "./lib/paths.mjs";
import { findToolchain } from "./lib/toolchain.mjs";

const configuredFile = "tensorplan-configured.json";

/** What a build folder was configured from; another value means that it must be made anew. */
function configurationKey(folder, identity) {
  const headers = ["node-addon-api", "node-api-headers"].map((name) => {
    const path = join(folder, "node_modules", name, "package.json");
    return existsSync(path) ? `${name}@${JSON.parse(readFileSync(path, "utf8")).version}` : `${name} absent`;
  });
  return JSON.stringify({ folder, identity, headers, node: process.execPath });
}

function isConfiguredAs(build, key) {
  try {
    return readFileSync(join(build, configuredFile), "utf8") === key;
  } catch {
    return false;
  }
}

/** The add-ons in a package's build folder, relative to the root. */
export function builtAddons(folder) {
  const release = join(folder, "build", "Release");
  if (!existsSync(release)) return [];
  return readdirSync(release)
    .filter((name) => name.endsWith(".node"))
    .sort()
    .map((name) => relative(root, join(release, name)));
}

/** Builds one package; false if CMake or the compiler failed (their output has been shown). */
export async function buildNativePackage(nativePackage, toolchain) {
  const { name, folder, needsCuda } = nativePackage;
  const build = join(folder, "build");
  const key = configurationKey(folder, needsCuda ? toolchain.cudaIdentity : toolchain.cpuIdentity);
  const cmakeJs = join(root, "node_modules", "cmake-js", "bin", "cmake-js");
  const options = [
    "--directory",
    folder,
    "--log-level",
    "warn",
    "--parallel",
    String(availableParallelism()),
  ];
  if (needsCuda) options.push(`--CDCMAKE_CUDA_COMPILER=${toolchain.nvcc}`);
  if (!isConfiguredAs(build, key)) {
    // CMake keeps absolute paths and the compiler in its cache, and can change neither afterwards.
    rmSync(build, { recursive: true, force: true });
    console.error(`set-up: configuring ${name}`);
    const configured = await exec(process.execPath, [cmakeJs, "configure", ...options], { cwd: folder });
    if (configured.code !== 0) return false;
    writeFileSync(join(build, configuredFile), key);
  }
  console.error(`set-up: building ${name}`);
  const built = await exec(toolchain.cmake, [
    "--build",
    build,
    "--config",
    "Release",
    "--parallel",
    String(availableParallelism()),
  ]);
  return built.code === 0;
}

async function main(names) {
  const toolchain = findToolchain();
  if (toolchain.missing !== undefined) {
    console.error(`${toolchain.missing}: no native code built`);
    return 1;
  }
  const packages = nativePackages().filter(({ name }) => names.length === 0 || names.includes(name));
  const unknown = names.filter((name) => !packages.some((each) => each.name === name));
  if (unknown.length > 0) {
    console.error(`no CMakeLists.txt for: ${unknown.join(", ")}`);
    return 1;
  }
  for (const each of packages) {
    if (each.needsCuda && toolchain.nvcc === undefined) {
      console.error("no nvcc: backend-cuda is not built");
      continue;
    }
    if (!(await buildNativePackage(each, toolchain))) {
      console.error(`building ${each.name} failed: see the messages above`);
      return 1;
    }
  }
  return 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await withLock(() => main(process.argv.slice(2)));
}
