// Makes a checkout ready to run: installs dependencies, builds TypeScript and native code. Each step is skipped
// if nothing it is made from has changed; a run that has nothing to do starts no other process.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildNativePackage, builtAddons } from "./buildNative.mjs";
import { buildViewer } from "./buildViewer.mjs";
import { exec } from "./lib/exec.mjs";
import { withLock } from "./lib/lock.mjs";
import { nativePackages } from "./lib/nativePackages.mjs";
import { listFiles, packageNames, root } from "./lib/paths.mjs";
import { Stamp } from "./lib/stamp.mjs";
import { findToolchain } from "./lib/toolchain.mjs";

const pnpm = "pnpm@10.34.8";

class SetupError extends Error {}

function installStep() {
  const files = [
    "package.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ...packageNames().map((name) => `packages/${name}/package.json`),
  ];
  return {
    name: "install",
    key: `${pnpm} node ${process.versions.node} ${root}`,
    files,
    async run() {
      console.error("set-up: installing dependencies");
      const { code } = await exec("npx", [
        "--yes",
        "--loglevel=error",
        pnpm,
        "install",
        "--frozen-lockfile",
        "--prefer-offline",
        "--reporter=append-only",
      ]);
      if (code !== 0) throw new SetupError("installing the dependencies failed: see pnpm's messages above");
      return { outputs: ["node_modules/.bin/tensorplan", "node_modules/typescript/package.json"] };
    },
  };
}

function typescriptStep(installKey) {
  const names = packageNames();
  const files = [
    "pnpm-lock.yaml",
    "tsconfig.base.json",
    ...names.map((name) => `packages/${name}/tsconfig.json`),
    ...names.flatMap((name) =>
      listFiles(
        join(root, "packages", name, "src"),
        (file) => file.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(file),
      ),
    ),
  ];
  return {
    name: "typescript",
    key: installKey,
    files,
    async run() {
      console.error("set-up: compiling TypeScript");
      const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
      const projects = names.map((name) => join("packages", name));
      const { code } = await exec(process.execPath, [compiler, "-b", ...projects]);
      if (code !== 0) throw new SetupError("compiling TypeScript failed: see the errors above");
      return {
        outputs: names
          .filter((name) => existsSync(join(root, "packages", name, "dist", "index.js")))
          .map((name) => `packages/${name}/dist/index.js`),
      };
    },
  };
}

function viewerStep(installKey) {
  return {
    name: "viewer",
    key: installKey,
    files: [
      "pnpm-lock.yaml",
      "scripts/buildViewer.mjs",
      "packages/scheduler/src/explain/quantities.ts",
      ...listFiles(join(root, "packages", "viewer", "src"), (file) => !/\.test(-d)?\.ts$/.test(file)),
    ],
    async run() {
      try {
        return { outputs: await buildViewer() };
      } catch (error) {
        throw new SetupError(`bundling the viewer failed: ${error.message}`);
      }
    },
  };
}

function nativeStep(nativePackage, toolchain, installKey) {
  const { name, folder, needsCuda, sources } = nativePackage;
  const identity = needsCuda ? toolchain.cudaIdentity : toolchain.cpuIdentity;
  return {
    name: `native:${name}`,
    key: `${installKey} ${identity}`,
    files: ["pnpm-lock.yaml", ...sources],
    async run() {
      if (needsCuda && toolchain.nvcc === undefined) {
        console.error("set-up: no nvcc, so the CUDA backend is not built");
        return { outputs: [] };
      }
      if (!(await buildNativePackage(nativePackage, toolchain))) {
        throw new SetupError(`building packages/${name} failed: see the compiler's messages above`);
      }
      return { outputs: builtAddons(folder) };
    },
  };
}

/**
 * Steps of this machine and moment: the first before all others, and then chains that don't need each other. TypeScript compiles on one
 * core; C++ takes the others meanwhile.
 */
function planSteps() {
  const install = installStep();
  const toolchain = findToolchain();
  const native = toolchain.missing === undefined ? nativePackages() : [];
  return {
    first: install,
    chains: [
      [typescriptStep(install.key), viewerStep(install.key)],
      native.map((each) => nativeStep(each, toolchain, install.key)),
    ],
    notice:
      toolchain.missing === undefined
        ? undefined
        : `set-up: ${toolchain.missing}: native kernels are not built, the (slow) reference backend is used`,
  };
}

const isCurrent = (stamp, step) => stamp.isCurrent(step.name, step.key, step.files);

/** Runs a step that is out of date; the message of one that failed. */
async function bringUpToDate(stamp, step) {
  if (isCurrent(stamp, step)) return undefined;
  const files = stamp.capture(step.files);
  stamp.forget(step.name);
  try {
    const { outputs } = await step.run();
    stamp.done(step.name, step.key, files, outputs);
    return undefined;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return error.message;
  }
}

async function runChain(stamp, steps) {
  const failures = [];
  for (const step of steps) failures.push(await bringUpToDate(stamp, step));
  return failures;
}

async function setUp() {
  const { first, chains, notice } = planSteps();
  if (notice !== undefined) console.error(notice);
  const stamp = new Stamp();
  if ([first, ...chains.flat()].every((step) => isCurrent(stamp, step))) {
    stamp.save();
    return;
  }
  await withLock(async () => {
    // Another process may have done the work while we waited.
    const fresh = new Stamp();
    // Nothing can be built without the dependencies; a step that fails doesn't keep others from being tried.
    const outcomes = [await bringUpToDate(fresh, first)];
    if (outcomes[0] === undefined) {
      outcomes.push(...(await Promise.all(chains.map((steps) => runChain(fresh, steps)))).flat());
    }
    fresh.save();
    const failures = outcomes.filter((message) => message !== undefined);
    if (failures.length > 0) throw new SetupError(failures.join("\nset-up: "));
  });
}

try {
  await setUp();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`set-up: ${error.message}`);
  process.exitCode = 1;
}
