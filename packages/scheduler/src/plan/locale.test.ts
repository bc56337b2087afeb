import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, test } from "vitest";
import { samplePlan } from "../testing/printPlan.ts";

const conditions = ["@tensorplan/source", "module", "node", "development|production"];

test("another process, time zone and language make the same bytes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tensorplan-locale-"));
  try {
    await build({
      configFile: false,
      logLevel: "silent",
      resolve: { conditions },
      ssr: { noExternal: true, resolve: { conditions } },
      build: {
        ssr: fileURLToPath(new URL("../testing/printPlan.ts", import.meta.url)),
        outDir: folder,
        minify: false,
        reportCompressedSize: false,
        rollupOptions: { output: { entryFileNames: "printPlan.mjs" } },
      },
    });
    const print = (env: Readonly<Record<string, string>>) =>
      execFileSync(process.execPath, [join(folder, "printPlan.mjs"), "--print-plan"], {
        env: { ...env },
        encoding: "utf8",
        maxBuffer: 2 ** 28,
      });
    const here = samplePlan();
    expect(here.length).toBeGreaterThan(10_000);
    expect(print({ TZ: "UTC", LC_ALL: "C" }) === here).toBe(true);
    expect(print({ TZ: "Asia/Kathmandu", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" }) === here).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
