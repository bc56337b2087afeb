import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { NativeAddon } from "./addon.ts";

export type LoadedAddon =
  | { readonly kind: "loaded"; readonly addon: NativeAddon }
  | { readonly kind: "missing"; readonly code: string; readonly reason: string };

const addonPath = fileURLToPath(new URL("../../build/Release/tensorplan_backend_cpu.node", import.meta.url));

/** The interface between this file and the add-on; `abi` in the add-on says which one it was built for. */
const ABI = 1;

const missing = (code: string, reason: string): LoadedAddon => ({ kind: "missing", code, reason });

/**
 * Loads the file in a process of its own first, so that a binary that crashes there gives a reason here. Once for each build: a note
 * beside the file keeps the result.
 */
function tryInChild(path: string): string | undefined {
  const { size, mtimeMs } = statSync(path);
  const key = `${size} ${mtimeMs} ${process.version} ${process.arch}`;
  const note = `${path}.tried`;
  try {
    if (readFileSync(note, "utf8") === key) return undefined;
  } catch {
    // Not tried yet.
  }
  const script = "const a = require(process.argv[1]); a.kernels(); new a.CpuDevice(2, '').dispose();";
  const { status, signal, stderr } = spawnSync(process.execPath, ["-e", script, path], {
    encoding: "utf8",
    timeout: 20_000,
    env: { PATH: process.env.PATH },
  });
  if (signal !== null) return `it was ended by ${signal}`;
  if (status !== 0) return /^\w*Error: .*$/m.exec(stderr)?.[0] ?? `it ended with status ${status}`;
  try {
    writeFileSync(note, key);
  } catch {
    // A read-only installation tries again next time.
  }
  return undefined;
}

/** Loads an add-on without ever throwing or crashing. */
export function loadAddonFrom(path: string): LoadedAddon {
  try {
    statSync(path);
  } catch {
    return missing(
      "cpu/not-built",
      `native add-on isn't built: ${path} isn't there (npm start builds it where there is a compiler)`,
    );
  }
  try {
    const failure = tryInChild(path);
    if (failure !== undefined)
      return missing("cpu/broken", `native add-on doesn't load: ${failure} (${path})`);
    const addon = createRequire(import.meta.url)(path) as NativeAddon;
    if (addon.abi !== ABI) {
      return missing(
        "cpu/stale",
        `native add-on is of another version (${path}): build it anew with npm run setup`,
      );
    }
    return { kind: "loaded", addon };
  } catch (error) {
    return missing(
      "cpu/broken",
      `native add-on doesn't load: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

let loaded: LoadedAddon | undefined;

/** The add-on of this package; tried once for the process. */
export function loadAddon(): LoadedAddon {
  loaded ??= loadAddonFrom(addonPath);
  return loaded;
}
