import type { FileHandle } from "node:fs/promises";
import { chromeTrace, type PlannedModel, RunTrace } from "@tensorplan/runtime";
import { planHash } from "@tensorplan/scheduler";
import type { CliContext } from "../cliContext.ts";
import { writeWholeFile } from "../output/writeFile.ts";

/** Characters that are written at once. */
const PIECE = 1 << 16;

/** The trace as one JSON object, an event a line, without ever holding all of it as text. */
async function writeTrace(file: FileHandle, { plan, ops, model }: PlannedModel, trace: RunTrace) {
  const about = { program: "tensorplan", model: model.architecture, planHash: planHash(plan) };
  let text = `{"displayTimeUnit":"ns","otherData":${JSON.stringify(about)},"traceEvents":[`;
  let separator = "\n";
  for (const event of chromeTrace(plan, trace, ops)) {
    text += separator + JSON.stringify(event);
    separator = ",\n";
    if (text.length < PIECE) continue;
    await file.write(text);
    text = "";
  }
  await file.write(`${text}\n]}\n`);
}

/**
 * Does some work with a recorder and writes what it recorded to a file. The file is opened first: a place that can't be written is
 * reported before the work, not after it.
 *
 * @param path absent: the work gets no recorder
 * @throws TensorplanError `cli/unwritable`, `cli/disk-full`, and what the work throws
 */
export async function traced(
  path: string | undefined,
  { signal }: CliContext,
  work: (recorder: RunTrace | undefined) => Promise<PlannedModel>,
): Promise<void> {
  if (path === undefined) return void (await work(undefined));
  const trace = new RunTrace();
  await writeWholeFile(path, async (file) => writeTrace(file, await work(trace), trace), signal);
}
