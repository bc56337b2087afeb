import { oracleSuite } from "./suite.ts";

oracleSuite({
  backend: "cpu",
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
  chunks: 16,
});
