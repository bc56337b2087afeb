// Runs every kind of test and adds up their counts: npm test [-- RUNNER …] with the names below.
import { staticChecks } from "./checks/staticChecks.mjs";
import { runVitest } from "./checks/vitest.mjs";
import { checkTypeBudget } from "./checkTypeBudget.mjs";
import { withLock } from "./lib/lock.mjs";
import { summaryLine } from "./lib/report.mjs";
import { testNative } from "./testNative.mjs";
import { testNativeSanitized } from "./testNativeSanitized.mjs";

/** In the order in which they run: the quickest to tell what is wrong come first. */
const runners = {
  ...staticChecks,
  budget: checkTypeBudget,
  vitest: runVitest,
  native: () => withLock(() => testNative()),
  asan: () => withLock(() => testNativeSanitized(["asan"])),
  tsan: () => withLock(() => testNativeSanitized(["tsan"])),
};

async function main(names) {
  const unknown = names.filter((name) => !(name in runners));
  if (unknown.length > 0) {
    console.error(`no runner called ${unknown.join(", ")}; there are: ${Object.keys(runners).join(", ")}`);
    return 2;
  }
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, run] of Object.entries(runners)) {
    if (names.length > 0 && !names.includes(name)) continue;
    let started = performance.now();
    for (const each of [await run()].flat()) {
      if (each.failed > 0 && each.details !== "") console.log(each.details.trimEnd());
      console.log(summaryLine(each, (performance.now() - started) / 1000));
      for (const key of Object.keys(totals)) totals[key] += each[key];
      started = performance.now();
    }
  }
  if (totals.skipped > 0) console.log(`${totals.skipped} skipped`);
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
