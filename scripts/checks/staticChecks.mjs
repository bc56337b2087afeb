import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { exec } from "../lib/exec.mjs";
import { root } from "../lib/paths.mjs";
import { verdict } from "../lib/report.mjs";

const require = createRequire(join(root, "package.json"));

/** The JavaScript file behind a dependency's command. */
function commandOf(dependency, command = dependency) {
  let manifestPath;
  try {
    manifestPath = require.resolve(`${dependency}/package.json`);
  } catch {
    // Its exports hide package.json; the folder is known anyway.
    manifestPath = join(root, "node_modules", dependency, "package.json");
  }
  const { bin } = require(manifestPath);
  return join(dirname(manifestPath), typeof bin === "string" ? bin : bin[command]);
}

async function check(name, dependency, args, command) {
  const options = { capture: true, env: { NO_COLOR: "1" } };
  return verdict(name, await exec(process.execPath, [commandOf(dependency, command), ...args], options));
}

/** Checks that read the sources only. Each is one test. */
export const staticChecks = {
  biome: () =>
    check("format (biome)", "@biomejs/biome", ["ci", "--colors=off", "--error-on-warnings", "."], "biome"),
  oxlint: () => check("lint (oxlint)", "oxlint", ["--type-aware", "--deny-warnings"]),
  types: () => check("types (tsc)", "typescript", ["-b", "--pretty", "false"], "tsc"),
  dependencies: () =>
    check(
      "dependencies (dependency-cruiser)",
      "dependency-cruiser",
      ["packages", "scripts", "test", "--config", ".dependency-cruiser.cjs"],
      "depcruise",
    ),
  unused: () => check("unused code (knip)", "knip", ["--no-progress", "--no-config-hints"]),
};
