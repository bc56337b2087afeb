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
    // Files of one worker share their modules: importing them anew for each file took longer than the tests. None may leave traces in them.
    isolate: false,
    // All cores; the default leaves one out.
    maxWorkers: "100%",
  },
});
