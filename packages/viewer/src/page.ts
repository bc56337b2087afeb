import { readFile } from "node:fs/promises";
import { TensorplanError } from "@tensorplan/ir";
import type { ViewDocument } from "./document/viewDocument.ts";

/** The bundled viewer that the build puts beside the compiled package. */
const bundle = (name: string): URL => new URL(`../dist/bundle/${name}`, import.meta.url);

async function readBundle(name: string): Promise<string> {
  try {
    return await readFile(bundle(name), "utf8");
  } catch (cause) {
    throw new TensorplanError({
      code: "viewer/not-built",
      message: "the viewer's bundle is missing",
      hint: "build it with `node scripts/buildViewer.mjs` (npm run setup does)",
      cause,
    });
  }
}

const escapeText = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** JSON that can stand inside a script element: no `<` can end it. */
const scriptJson = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

/**
 * The page: one file that fetches nothing.
 *
 * @throws TensorplanError `viewer/not-built`
 */
export async function page(view: ViewDocument): Promise<string> {
  const [script, style] = await Promise.all([readBundle("viewer.js"), readBundle("viewer.css")]);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>Plan ${view.hash.slice(0, 12)} of ${escapeText(view.title)}</title>
<style>
${style}
</style>
</head>
<body>
<header>
<h1>${escapeText(view.title)}</h1><code title="${view.hash}">plan ${view.hash.slice(0, 12)}</code>
<div id="search" role="search"><input type="search" placeholder="Search node, operation, device, kernel, rule  ( / )" aria-label="Search" autocomplete="off" spellcheck="false"><output aria-live="polite"></output><button type="button" class="tool" data-step="-1" aria-label="Previous match">↑</button><button type="button" class="tool" data-step="1" aria-label="Next match">↓</button></div>
<button type="button" class="tool" id="unfold">Unfold all</button><button type="button" class="tool" id="fold">Fold all</button>
<button type="button" class="tool" id="theme"></button>
</header>
<div id="memory" aria-label="Memory of each device"></div>
<main>
<div id="table"><div id="heads"></div><div id="list" tabindex="0" role="treegrid" aria-label="Nodes in the order of the graph"></div></div>
<div id="minimap" aria-hidden="true" title="The whole plan: click to go there"></div>
<aside id="aside" aria-label="Details"></aside>
</main>
<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs><marker id="arrow" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L6 3L0 6z" fill="context-stroke"/></marker></defs></svg>
<script type="application/json" id="plan">${scriptJson(view)}</script>
<script>
${script.replaceAll("</script", "<\\/script")}
</script>
</body>
</html>
`;
}
