import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Paths of other Node programs, separated by colons; `node scripts/fetchNodes.mjs` fetches some. */
const others = (process.env.TENSORPLAN_NODES ?? "").split(":").filter((path) => path !== "");

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tensorplan-golden-"));
const conditions = ["@tensorplan/source", "module", "node", "development|production"];

const hashes = (node: string, env: Readonly<Record<string, string>>): string =>
  execFileSync(node, [join(folder, "printHashes.mjs"), "--print-hashes", root], { env, encoding: "utf8" });

const version = (node: string): string => execFileSync(node, ["--version"], { encoding: "utf8" }).trim();

describe.skipIf(others.length === 0)("golden plans on other versions of Node (TENSORPLAN_NODES)", () => {
  let here = "";

  beforeAll(async () => {
    await build({
      configFile: false,
      logLevel: "silent",
      resolve: { conditions },
      ssr: { noExternal: true, resolve: { conditions } },
      build: {
        ssr: fileURLToPath(new URL("./printHashes.ts", import.meta.url)),
        outDir: folder,
        minify: false,
        reportCompressedSize: false,
        rollupOptions: { output: { entryFileNames: "printHashes.mjs" } },
      },
    });
    here = hashes(process.execPath, { LC_ALL: "C", TZ: "UTC" });
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(others.length === 0 ? ["none"] : others)(
    "%s makes the same bytes in two languages and time zones",
    (node) => {
      expect(here.split("\n").length).toBeGreaterThan(10);
      process.stdout.write(`${version(node)}\n`);
      expect(hashes(node, { LC_ALL: "C", TZ: "UTC" })).toBe(here);
      expect(hashes(node, { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8", TZ: "Asia/Kathmandu" })).toBe(here);
    },
    300_000,
  );
});
