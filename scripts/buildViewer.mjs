// Bundles the viewer's browser code into packages/viewer/dist/bundle: two files that pages carry inside them.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./lib/paths.mjs";

const outputs = ["viewer.js", "viewer.css"].map((name) => `packages/viewer/dist/bundle/${name}`);

/** @returns the files that were made, relative to the root */
export async function buildViewer() {
  // Not at the top: set-up loads this file before the dependencies are there.
  const { build } = await import("esbuild");
  const client = join(root, "packages", "viewer", "src", "client");
  await build({
    entryPoints: [join(client, "viewer.ts"), join(client, "viewer.css")],
    outdir: join(root, "packages", "viewer", "dist", "bundle"),
    bundle: true,
    // Other packages as they are written: what they were last compiled to may be old.
    conditions: ["@tensorplan/source"],
    minify: true,
    format: "iife",
    target: ["chrome111", "firefox121", "safari16.4"],
    charset: "utf8",
    logLevel: "warning",
  });
  return outputs;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildViewer();
