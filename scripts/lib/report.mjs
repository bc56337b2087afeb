/** What one runner found. `details` is shown only where something failed. */
export function result(name, { passed = 0, failed = 0, skipped = 0, details = "" }) {
  return { name, passed, failed, skipped, details };
}

/** A runner whose whole answer is its exit status: one test. */
export function verdict(name, { code, output }) {
  return result(name, code === 0 ? { passed: 1 } : { failed: 1, details: output });
}

/** One line for a runner, as printed while the tests run. */
export function summaryLine({ name, passed, failed, skipped }, seconds) {
  const mark = failed > 0 ? "FAIL" : passed === 0 ? "none" : "ok";
  const skippedText = skipped > 0 ? `, ${skipped} skipped` : "";
  return `${mark.padEnd(4)} ${name}: ${passed} passed, ${failed} failed${skippedText} (${seconds.toFixed(1)} s)`;
}
