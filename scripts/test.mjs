// Runs every kind of test and adds up their counts: npm test [-- RUNNER …] with the names below.
import { staticChecks } from "./checks/staticChecks.mjs";
import { runVitest } from "./checks/vitest.mjs";
import { checkTypeBudget } from "./checkTypeBudget.mjs";
import { withLock } from "./lib/lock.mjs";
import { summaryLine } from "./lib/report.mjs";
import { testNative } from "./testNative.mjs";
import { testNativeSanitized } from "./testNativeSanitized.mjs";

/** They read the sources only, each on one core, and are run at once. */
const readers = { ...staticChecks, budget: checkTypeBudget };

/** Those that run the program, in their order. Each uses all cores. */
const runners = {
  vitest: runVitest,
  native: () => withLock(() => testNative()),
  asan: () => withLock(() => testNativeSanitized(["asan"])),
  tsan: () => withLock(() => testNativeSanitized(["tsan"])),
};

async function timed(run) {
  const started = performance.now();
  const results = [await run()].flat();
  return { results, seconds: (performance.now() - started) / 1000 };
}

async function main(names) {
  const known = [...Object.keys(readers), ...Object.keys(runners)];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no runner called ${unknown.join(", ")}; there are: ${known.join(", ")}`);
    return 2;
  }
  const chosen = (group) =>
    Object.entries(group)
      .filter(([name]) => names.length === 0 || names.includes(name))
      .map(([, run]) => run);
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const report = ({ results, seconds }) => {
    for (const each of results) {
      if (each.failed > 0 && each.details !== "") console.log(each.details.trimEnd());
      console.log(summaryLine(each, seconds));
      for (const key of Object.keys(totals)) totals[key] += each[key];
    }
  };
  for (const done of chosen(readers).map(timed)) report(await done);
  for (const run of chosen(runners)) report(await timed(run));
  if (totals.skipped > 0) console.log(`${totals.skipped} skipped`);
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
