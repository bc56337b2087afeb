import { referenceBackend } from "@tensorplan/backend-reference";
import { conformanceTests } from "@tensorplan/conformance";
import { test } from "vitest";

conformanceTests(referenceBackend, test);
