import { oracleSuite } from "./suite.ts";

oracleSuite({
  backend: "cpu",
  chunks: 16,
});
