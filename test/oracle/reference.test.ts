import { vi } from "vitest";
import { oracleSuite } from "./suite.ts";

// The reference backend is obvious, not fast.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

oracleSuite({
  backend: "reference",
  chunks: 1,
});
