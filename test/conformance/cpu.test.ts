import { cpuBackend } from "@tensorplan/backend-cpu";
import { conformanceTests } from "@tensorplan/conformance";
import { test } from "vitest";

conformanceTests(cpuBackend, test, {
  // More than one, so that work is shared out.
  backendOptions: { threads: 2 },
  // With block weights, activations are rounded to eight bits. A gated product multiplies two such sums, and a mixture of experts rounds the
  // long-tailed result once more: rounding so in the definition itself gives the same errors, up to 0.06 and 0.09 of the root mean square,
  // where the operations' tolerance is that of one product, 0.05.
  allowances: { gate_up_swiglu: { block: 0.08 }, moe: { block: 0.12 } },
});
