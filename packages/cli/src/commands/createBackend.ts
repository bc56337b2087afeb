import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { TensorplanError } from "@tensorplan/ir";
import { coloursFor } from "../output/colours.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import type { DefineCommand } from "./all.ts";

/** The name that the templates have. */
const PLACEHOLDER = /\bacme\b/g;
const templates = fileURLToPath(new URL("../../templates/backend/", import.meta.url));
const program = fileURLToPath(new URL("../../bin/tensorplan.mjs", import.meta.url));
/** What the folder's test and types come from. */
const linked = ["@tensorplan/backend-api", "@tensorplan/conformance"] as const;

export const createBackend: DefineCommand = (command, { stdout, stderr, env }) => {
  command
    .description(
      "Writes a folder with a small backend that works: its code, rules that give it something to run, and a test that holds it to the " +
        "operations' definitions. Nothing has to be installed, and nothing is overwritten.",
    )
    .argument("<name>", "name of the backend and, behind a path, of its folder: letters, digits and dashes")
    .option("--json", "print what was written as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan create-backend acme && cd acme && npm test\n  tensorplan create-backend ../backends/my-gpu",
    )
    .action(async (path: string, { json }: { readonly json?: true }) => {
      const folder = resolve(path);
      const name = basename(folder);
      const files = await write(folder, name);
      if (json) return await writeJson(stdout, { name, folder, files });
      const { bold } = coloursFor(stderr, env);
      await writeTo(stdout, files.map((file) => `${join(path, file)}\n`).join(""));
      await writeTo(
        stderr,
        `\nNow ${bold(`cd ${path} && npm test`)}, and see docs/backends.md for what each part does.\n`,
      );
    });
};

/** @throws TensorplanError `backend/name`, `backend/exists`, `backend/unwritable` */
async function write(folder: string, name: string): Promise<readonly string[]> {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new TensorplanError({
      code: "backend/name",
      message: `'${name}' can't be a backend's name`,
      hint: "use lower-case letters, digits and dashes, and begin with a letter",
    });
  }
  if (existsSync(folder)) {
    throw new TensorplanError({
      code: "backend/exists",
      message: `${folder} is there already, and nothing is overwritten`,
      hint: "choose another name, or remove it first",
    });
  }
  try {
    await mkdir(folder, { recursive: true });
    const files = (await readdir(templates)).sort();
    for (const file of files) {
      const text = await readFile(join(templates, file), "utf8");
      await writeFile(join(folder, file), text.replaceAll(PLACEHOLDER, name), { flag: "wx" });
    }
    await link(folder);
    return files;
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    if (cause instanceof TensorplanError) throw cause;
    throw new TensorplanError({
      code: "backend/unwritable",
      message: `${folder} can't be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "check the path and its permissions",
      cause,
    });
  }
}

/** Links to this installation, as `npm link` makes them. */
async function link(folder: string): Promise<void> {
  const modules = join(folder, "node_modules");
  const places = createRequire(import.meta.url).resolve.paths("@tensorplan/x") ?? [];
  for (const name of linked) {
    const place = places.map((each) => join(each, name)).find((each) => existsSync(each));
    if (place === undefined) continue;
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(await realpath(place), join(modules, name), "junction");
  }
  await mkdir(join(modules, ".bin"), { recursive: true });
  await symlink(program, join(modules, ".bin", "tensorplan"));
}
