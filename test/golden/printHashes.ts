import { createHash } from "node:crypto";
import { planToJson } from "@tensorplan/scheduler";
import { goldenCases, goldenPlan } from "./cases.ts";

/** SHA-256 of the bytes of every golden plan, one line each. */
export async function goldenHashes(root: string): Promise<string> {
  let text = "";
  for (const golden of goldenCases) {
    const bytes = planToJson(await goldenPlan(golden, root));
    text += `${golden.name} ${createHash("sha256").update(bytes).digest("hex")}\n`;
  }
  return text;
}

// Run as a program, on its own.
if (process.argv[2] === "--print-hashes") process.stdout.write(await goldenHashes(process.argv[3] ?? "."));
