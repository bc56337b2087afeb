import { vi } from "vitest";
import { oracleSuite } from "./suite.ts";

// The reference backend is obvious, not fast.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

oracleSuite({
  backend: "reference",
  models: [
    "rand-deepseek3",
    "rand-llama",
    "rand-mixtral",
    "rand-qwen3",
    "rand-qwen3moe",
    "tiny-iq4_nl",
    "tiny-f16",
    "tiny-q8_0",
  ],
  chunks: 1,
});
