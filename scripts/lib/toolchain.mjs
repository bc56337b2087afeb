import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first of `names` found on the search path (or `extraFolders`), or undefined. */
function findProgram(names, extraFolders = []) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...extraFolders].filter((f) => f !== "");
  for (const name of names) {
    if (isAbsolute(name)) {
      if (isExecutable(name)) return name;
      continue;
    }
    for (const folder of folders) {
      const path = join(folder, name);
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** Path, size and time of the real file: changes when a compiler is upgraded, and costs no process. */
function identity(path) {
  if (path === undefined) return "none";
  const real = realpathSync(path);
  const { size, mtimeMs } = statSync(real);
  return `${real}:${size}:${Math.trunc(mtimeMs)}`;
}

/**
 * The native tools of this machine. `missing` is undefined, or one line that says which tool for the CPU code
 * is not there. `cpuIdentity` and `cudaIdentity` change whenever the compilers or their flags do.
 */
export function findToolchain() {
  const fromEnvironment = (name) => (process.env[name] ? [process.env[name].trim().split(/\s+/)[0]] : []);
  const cmake = findProgram(["cmake"]);
  const cxx = findProgram([...fromEnvironment("CXX"), "c++", "g++", "clang++"]);
  const maker = findProgram(["ninja", "ninja-build", "make", "gmake"]);
  const nvcc = findProgram([...fromEnvironment("CUDACXX"), "nvcc"], ["/usr/local/cuda/bin", "/opt/cuda/bin"]);
  const absent = [
    ...(cxx === undefined ? ["a C++20 compiler"] : []),
    ...(cmake === undefined ? ["CMake"] : []),
    ...(maker === undefined ? ["make or ninja"] : []),
  ];
  const flags = ["CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS", "CUDAFLAGS"].map(
    (name) => `${name}=${process.env[name] ?? ""}`,
  );
  const cpuIdentity = [identity(cmake), identity(cxx), identity(maker), ...flags].join("|");
  return {
    cmake,
    cxx,
    nvcc,
    missing: absent.length === 0 ? undefined : `${absent.join(" and ")} not found`,
    cpuIdentity,
    cudaIdentity: `${cpuIdentity}|${identity(nvcc)}`,
  };
}
