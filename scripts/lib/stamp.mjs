import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";

const version = 1;

function hashOf(path) {
  return createHash("sha256").update(readFileSync(path)).digest("base64");
}

/**
 * What the last set-up was made from: for each step a key (tools, versions), its input files with time, size and
 * hash, and the outputs it left. Kept in one file, so that a check costs one read and one stat per file.
 */
export class Stamp {
  #base;
  #steps = {};
  #touched = false;

  /** Reads what was stored below `base`, the folder that all paths are relative to. */
  constructor(base = root) {
    this.#base = base;
    try {
      const stored = JSON.parse(readFileSync(this.#stampFile, "utf8"));
      if (stored.version === version) this.#steps = stored.steps;
    } catch {
      // None yet, or cut off while being written: everything is done again.
    }
  }

  get #stampFile() {
    return join(this.#base, ".stamp", "setup.json");
  }

  /** Whether the step was done with this key and these files, and its outputs are still there. */
  isCurrent(step, key, files) {
    const stored = this.#steps[step];
    if (stored === undefined || stored.key !== key) return false;
    if (Object.keys(stored.files).length !== files.length) return false;
    if (!stored.outputs.every((path) => existsSync(join(this.#base, path)))) return false;
    for (const path of files) {
      const known = stored.files[path];
      if (known === undefined) return false;
      const { mtimeMs, size } = statSync(join(this.#base, path));
      if (known[0] === mtimeMs && known[1] === size) continue;
      if (known[1] !== size || known[2] !== hashOf(join(this.#base, path))) return false;
      known[0] = mtimeMs;
      this.#touched = true;
    }
    return true;
  }

  /** A picture of the inputs, to be taken before the step runs: an edit during the step then counts as new. */
  capture(files) {
    const picture = {};
    for (const path of files) {
      const { mtimeMs, size } = statSync(join(this.#base, path));
      picture[path] = [mtimeMs, size, hashOf(join(this.#base, path))];
    }
    return picture;
  }

  done(step, key, files, outputs) {
    this.#steps[step] = { key, files, outputs };
    this.#touched = true;
    this.save();
  }

  forget(step) {
    if (this.#steps[step] === undefined) return;
    delete this.#steps[step];
    this.#touched = true;
    this.save();
  }

  save() {
    if (!this.#touched) return;
    mkdirSync(join(this.#base, ".stamp"), { recursive: true });
    const temporary = `${this.#stampFile}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify({ version, steps: this.#steps }));
    renameSync(temporary, this.#stampFile);
    this.#touched = false;
  }
}
