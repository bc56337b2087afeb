import type { DeviceProfile } from "@tensorplan/backend-api";
import type { CaseResult, Completeness, Requirement, SuitePart } from "@tensorplan/conformance";
import { coreOps, TensorplanError } from "@tensorplan/ir";
import { wholeNumber } from "../args/numbers.ts";
import type { CliContext } from "../cliContext.ts";
import { loadBackend } from "../engine/loadBackend.ts";
import { ExitStatus } from "../exitStatus.ts";
import { coloursFor } from "../output/colours.ts";
import { progressBar } from "../output/progress.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { table } from "../output/table.ts";
import type { DefineCommand } from "./all.ts";

interface ConformanceFlags {
  readonly op?: readonly string[];
  readonly seed: number;
  readonly threads?: number;
  readonly list?: true;
  readonly json?: true;
}

export const conformance: DefineCommand = (command, context) => {
  command
    .description(
      "Holds a backend to the definitions of the operations that it claims: random nodes and graphs of every element type, and what every " +
        "device must do beside computing. Exits with 1 when anything fails, or when nothing that models need is claimed.",
    )
    .argument(
      "[backend]",
      "a name, a path such as ./my-backend.js or ./folder, or an installed package",
      "cpu",
    )
    .option(
      "--op <NAME>",
      "only this operation; may be repeated",
      (text: string, before: unknown): readonly string[] => [...(Array.isArray(before) ? before : []), text],
    )
    .option("--seed <N>", "draws other cases", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("-t, --threads <N>", "threads of each device", wholeNumber(1, 1024))
    .option("--list", "print what a backend must claim to be called complete, and run nothing")
    .option("--json", "print one object")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan conformance ./my-backend.js\n  tensorplan conformance ./my-backend --op matmul --op rms_norm --seed 7\n  tensorplan conformance --list",
    )
    .action(async (name: string, flags: ConformanceFlags) => {
      if (flags.list) return await list(flags, context);
      const unknown = flags.op?.find((op) => !coreOps.has(op));
      if (unknown !== undefined) {
        throw new TensorplanError({
          code: "conformance/unknown-op",
          message: `--op ${unknown}: there is no such operation`,
          hint: `the operations are: ${coreOps.names.join(", ")}`,
        });
      }
      const report = await check(name, flags, context);
      if (flags.json) await writeJson(context.stdout, jsonOf(report));
      else await print(report, context);
      if (!report.passed) throw new ExitStatus(1);
    });
};

interface PartReport {
  readonly part: SuitePart;
  readonly results: readonly CaseResult[];
}

interface Report {
  readonly backend: string;
  readonly seed: number;
  readonly devices: readonly { readonly profile: DeviceProfile; readonly completeness: Completeness }[];
  readonly parts: readonly PartReport[];
  readonly passed: boolean;
}

const failuresOf = ({ results }: PartReport): readonly CaseResult[] =>
  results.filter(({ passed }) => !passed);

async function check(name: string, flags: ConformanceFlags, context: CliContext): Promise<Report> {
  const { completenessOf, suiteParts } = await import("@tensorplan/conformance");
  const backend = await loadBackend(name);
  const backendOptions = flags.threads === undefined ? {} : { threads: flags.threads };
  const parts = suiteParts(backend, { seed: flags.seed, only: flags.op, backendOptions });
  const probe = backend.probe(backendOptions);
  const profiles = probe.kind === "devices" ? probe.devices : [];
  const devices = profiles.map((profile) => ({ profile, completeness: completenessOf(profile) }));

  const total = parts.reduce((sum, { cases }) => sum + cases, 0);
  const progress = await progressBar(context.stderr, "conformance");
  const done: PartReport[] = [];
  let cases = 0;
  try {
    for (const part of parts) {
      context.signal.throwIfAborted();
      progress.update(cases, total);
      const results = await part.run();
      done.push({ part, results });
      cases += part.cases;
      // Where there is no bar, a line for each part shows that it is alive.
      if (context.stderr.isTTY !== true && !flags.json)
        await writeTo(context.stderr, `${part.name}: ${results.length} cases (${cases} of ${total})\n`);
    }
  } finally {
    progress.stop();
  }
  const failed = done.some((each) => failuresOf(each).length > 0);
  // One operation says nothing of what else is claimed.
  const nothing =
    flags.op === undefined
      ? devices.every(({ completeness }) => completeness.verdict === "nothing")
      : done.length === 0;
  return { backend: backend.name, seed: flags.seed, devices, parts: done, passed: !failed && !nothing };
}

const percent = ({ claimed, required }: Completeness): string =>
  `${((100 * claimed) / required).toFixed(1)} %`;

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
const largest = (results: readonly CaseResult[]): number =>
  Math.max(0, ...results.map(({ relative }) => finite(relative)));

interface Merged {
  readonly device: string;
  readonly what: string;
  readonly results: CaseResult[];
}

/** Parts of one operation on one device as one. */
function merged(parts: readonly PartReport[]): readonly Merged[] {
  const all = new Map<string, Merged>();
  for (const { part, results } of parts) {
    const { device, what } = part;
    const known = all.get(`${device} ${what}`) ?? { device, what, results: [] };
    known.results.push(...results);
    all.set(`${device} ${what}`, known);
  }
  return [...all.values()];
}

async function print({ devices, parts, passed }: Report, context: CliContext): Promise<void> {
  const { bold, green, red, yellow } = coloursFor(context.stdout, context.env);
  const rows = merged(parts).map(({ device, what, results }) => {
    const failed = results.filter((each) => !each.passed).length;
    return [
      device,
      what,
      String(results.length),
      failed === 0 ? green("passed") : red(`${failed} failed`),
      largest(results).toExponential(1),
    ];
  });
  const grid = table(
    [
      { title: "device" },
      { title: "operation" },
      { title: "cases", align: "right" },
      { title: "result" },
      { title: "largest error", align: "right" },
    ],
    rows,
  );
  const failures = parts.flatMap((each) =>
    failuresOf(each).map(
      ({ name, problem }) => `${red("failed")} ${each.part.name}: ${name}\n  ${problem ?? ""}\n`,
    ),
  );
  const verdicts = devices.map(({ profile, completeness }) => {
    const { verdict, claimed, required, missing } = completeness;
    const colour = verdict === "complete" ? green : verdict === "partial" ? yellow : red;
    const ops = [...new Set(missing.map(({ op }) => op))];
    const lacks = ops.length === 0 ? "" : `\n  not claimed, at least in part: ${ops.join(", ")}`;
    return `${bold(profile.id)}: ${colour(verdict)}, claims ${claimed} of ${required} (${percent(completeness)})${lacks}\n`;
  });
  const cases = parts.reduce((sum, { results }) => sum + results.length, 0);
  const failed = parts.reduce((sum, each) => sum + failuresOf(each).length, 0);
  const summary = `${cases - failed} passed, ${failed} failed${passed ? "" : failed === 0 ? ": but nothing is claimed" : ""}\n`;
  await writeTo(context.stdout, [grid, ...failures, "\n", ...verdicts, summary].join(""));
}

const cell = ({ op, types, size }: Requirement) => ({ op, types, size });

const jsonOf = ({ backend, seed, devices, parts, passed }: Report) => ({
  backend,
  seed,
  passed,
  devices: devices.map(({ profile, completeness: { verdict, claimed, required, missing } }) => ({
    id: profile.id,
    verdict,
    claimed,
    required,
    share: claimed / required,
    missing: missing.map(cell),
  })),
  parts: merged(parts).map(({ device, what, results }) => ({
    device,
    what,
    cases: results.length,
    largestError: largest(results),
    failed: results.flatMap(({ name, passed: ok, problem }) => (ok ? [] : [{ name, problem }])),
  })),
});

/** What a backend must claim to be called complete. */
async function list({ json }: ConformanceFlags, { stdout }: CliContext): Promise<void> {
  const { requirements } = await import("@tensorplan/conformance");
  if (json) return await writeJson(stdout, requirements);
  const rows = requirements.map(({ op, types, size, shapes, attrs }) => [
    op,
    size,
    Object.entries(types)
      .map(([name, dtype]) => `${name} ${dtype}[${(shapes[name] ?? []).join("×")}]`)
      .join("  "),
    Object.entries(attrs)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(" "),
  ]);
  await writeTo(
    stdout,
    table([{ title: "operation" }, { title: "size" }, { title: "operands" }, { title: "attributes" }], rows),
  );
}
