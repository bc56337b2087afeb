import { test } from "node:test";
import { conformanceTests } from "@tensorplan/conformance";
import backend from "./backend.js";

conformanceTests(backend, test);
