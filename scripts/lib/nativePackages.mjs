import { existsSync } from "node:fs";
import { join } from "node:path";
import { listFiles, root } from "./paths.mjs";

const order = ["backend-cpu", "runtime", "backend-cuda"];
const sourceName = /(\.(c|cc|cpp|cu|cuh|h|hh|hpp|inc|inl|S|cmake|in)|^CMakeLists\.txt)$/;

/**
 * The packages with native code that can be built here. `sources` are the package's own native files together
 * with the C interface in backend-api, which all of them include.
 */
export function nativePackages() {
  const shared = [
    ...listFiles(join(root, "packages", "backend-api"), (name) => sourceName.test(name)),
    ...listFiles(join(root, "cmake"), (name) => sourceName.test(name)),
  ];
  return order
    .filter((name) => existsSync(join(root, "packages", name, "CMakeLists.txt")))
    .map((name) => {
      const folder = join(root, "packages", name);
      return {
        name,
        folder,
        needsCuda: name === "backend-cuda",
        sources: [...listFiles(folder, (file) => sourceName.test(file)), ...shared],
      };
    });
}
