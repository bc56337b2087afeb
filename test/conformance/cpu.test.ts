import { cpuBackend } from "@tensorplan/backend-cpu";
import { conformanceTests } from "@tensorplan/conformance";
import { test } from "vitest";

conformanceTests(cpuBackend, test, {
  // More than one, so that work is shared out.
  backendOptions: { threads: 2 },
});
