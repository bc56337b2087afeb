import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BACKEND_API_VERSION, type Backend } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";

/** Backends that come along, in the order in which their devices are preferred. */
export const ownBackends = ["cpu", "cuda", "reference"] as const;
type OwnBackend = (typeof ownBackends)[number];

const own: Readonly<Record<OwnBackend, () => Promise<object>>> = {
  cpu: () => import("@tensorplan/backend-cpu"),
  cuda: () => import("@tensorplan/backend-cuda"),
  reference: () => import("@tensorplan/backend-reference"),
};

const isOwn = (name: string): name is OwnBackend => (ownBackends as readonly string[]).includes(name);

/**
 * A backend by name, or a module that default-exports one: a path (`./mine.js`) or an installed package.
 *
 * @throws TensorplanError `cli/backend`
 */
export async function loadBackend(name: string): Promise<Backend> {
  let module: object;
  try {
    module = isOwn(name)
      ? await own[name]()
      : await import(isPath(name) ? pathToFileURL(entryOf(resolve(name))).href : name);
  } catch (cause) {
    throw backendError(name, "it can't be loaded", cause);
  }
  const backend = "default" in module ? module.default : undefined;
  if (!isBackend(backend)) throw backendError(name, "its default export isn't a backend");
  if (backend.apiVersion === BACKEND_API_VERSION) return backend;
  throw backendError(
    name,
    `it was made for version ${String(backend.apiVersion)} of the backend interface, and this is ${String(BACKEND_API_VERSION)}`,
  );
}

/** A file itself; of a folder what its package.json names as `main`, or its index.js. */
function entryOf(path: string): string {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return folder ? createRequire(`${path}/`).resolve(path) : path;
}

const isPath = (name: string): boolean => /^[./\\]/.test(name) || /\.[cm]?js$/.test(name);

const isBackend = (value: unknown): value is Backend =>
  typeof value === "object" &&
  value !== null &&
  "apiVersion" in value &&
  "probe" in value &&
  typeof value.probe === "function" &&
  "open" in value &&
  typeof value.open === "function";

const backendError = (name: string, problem: string, cause?: unknown) =>
  new TensorplanError({
    code: "cli/backend",
    message: `--backend ${name}: ${problem}${cause instanceof Error ? ` (${cause.message.split("\n")[0]})` : ""}`,
    hint: `name one of ${ownBackends.join(", ")}, a path such as ./mine.js, or an installed package`,
    cause,
  });
