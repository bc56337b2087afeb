import type { Backend } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import type { CaseResult } from "./conformanceCase.ts";
import { type SuiteOptions, suiteParts } from "./conformanceSuite.ts";

/** How many failed cases an error prints. */
const PRINTED = 20;

/** @throws TensorplanError `conformance/failed`, which lists what failed */
export function expectConformance(results: readonly CaseResult[]): void {
  const failed = results.filter(({ passed }) => !passed);
  if (results.length > 0 && failed.length === 0) return;
  const lines = failed.slice(0, PRINTED).map(({ name, problem }) => `  ${name}: ${problem ?? "failed"}`);
  throw new TensorplanError({
    code: "conformance/failed",
    message: [`${failed.length} of ${results.length} cases failed`, ...lines].join("\n"),
  });
}

/**
 * Registers the suite with a test runner, one test for each operation of each device and one for the device's contract.
 *
 * @param test `test` of Vitest, or of `node:test`
 */
export function conformanceTests(
  backend: Backend,
  test: (name: string, body: () => Promise<void>) => unknown,
  options: SuiteOptions = {},
): void {
  for (const { name, run } of suiteParts(backend, options)) {
    test(name, async () => expectConformance(await run()));
  }
}
