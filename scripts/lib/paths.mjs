import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Names of the folders under packages/, sorted. */
export function packageNames() {
  return readdirSync(join(root, "packages"))
    .filter((name) => existsSync(join(root, "packages", name, "package.json")))
    .sort();
}

const skipped = new Set(["node_modules", "dist", "coverage"]);

/**
 * Every file below `folder` (absolute) that `wanted` accepts, as paths relative to the root, sorted.
 * Build output is never entered.
 */
export function listFiles(folder, wanted) {
  const found = [];
  const walk = (current) => {
    for (const entry of readdirSync(current, { withFileTypes: true })) {
      if (skipped.has(entry.name) || entry.name === "build" || entry.name.startsWith("build-")) continue;
      const path = join(current, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (wanted(entry.name)) found.push(relative(root, path).split(sep).join("/"));
    }
  };
  if (existsSync(folder) && statSync(folder).isDirectory()) walk(folder);
  return found.sort();
}
