import {
  type Plan,
  parseSweep,
  type Sweep,
  sweptVariants,
  type Threshold,
  thresholds,
  thresholdsText,
} from "@tensorplan/scheduler";
import type { PlanFlags } from "../args/planOptions.ts";
import type { CliContext } from "../cliContext.ts";
import { writeTo } from "../output/streams.ts";
import { planFlags } from "./planInputs.ts";

/** Rows that a plan has room for where nothing is said. */
const DEFAULT_CONTEXT = 4096;

interface SweptPlan {
  readonly plan: Plan;
  readonly sweep: Sweep;
  readonly thresholds: readonly Threshold[];
  readonly text: string;
}

/** The flags with room for the largest step that is swept over. */
function roomFor(flags: PlanFlags, { tokens, tokensPerSequence, context, sequences }: Sweep): PlanFlags {
  const largest = Math.max(tokens?.to ?? 1, sequences?.to ?? 1);
  const rows = Math.max(context?.to ?? 1, tokens?.to ?? 1, tokensPerSequence?.to ?? 1);
  return {
    ...flags,
    ubatchSize: Math.max(flags.ubatchSize, largest),
    ...(flags.batchSize === undefined ? {} : { batchSize: Math.max(flags.batchSize, largest) }),
    ...(rows <= (flags.ctxSize ?? DEFAULT_CONTEXT) ? {} : { ctxSize: rows }),
    ...(sequences === undefined ? {} : { parallel: Math.max(flags.parallel ?? 1, sequences.to) }),
  };
}

/** The plan's thresholds over ranges of sizes. The plan has room for the largest of them; what was enlarged for it is said. */
export async function sweepPlan(
  over: readonly string[],
  flags: PlanFlags,
  context: CliContext,
): Promise<SweptPlan> {
  const sweep = parseSweep(over);
  const larger = roomFor(flags, sweep);
  const enlarged = [
    ...(larger.ubatchSize > flags.ubatchSize ? [`-ub ${larger.ubatchSize}`] : []),
    ...(larger.ctxSize === flags.ctxSize ? [] : [`-c ${larger.ctxSize}`]),
    ...(larger.parallel === flags.parallel ? [] : [`-np ${larger.parallel}`]),
  ];
  if (enlarged.length > 0) await writeTo(context.stderr, `note: planned with ${enlarged.join(" ")}\n`);
  const { plan } = await planFlags(larger, context);
  const swept = sweptVariants(plan, sweep);
  const found = thresholds(plan, swept);
  return { plan, sweep, thresholds: found, text: thresholdsText(plan, sweep, swept, found) };
}
