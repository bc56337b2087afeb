import { defineConfig } from "vitest/config";

// Tests import the packages' TypeScript, never a stale dist/.
const conditions = ["@tensorplan/source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Pages carry the viewer's bundle, which must be that of the sources.
    globalSetup: ["scripts/checks/bundleViewer.mjs"],
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts", "scripts/**/*.test.mjs"],
    testTimeout: 30_000,
  },
});
