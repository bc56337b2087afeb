// Fetches other versions of Node with npm into a folder (default: a new one below the system's temporary folder) and prints the setting
// with which the golden plans are compared on them:
//
//   TENSORPLAN_NODES=$(node scripts/fetchNodes.mjs) npx vitest run test/golden/nodes.test.ts
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const versions = ["20", "22", "24"];
const system = `${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), "tensorplan-nodes-"));

const paths = versions.map((version) => {
  const prefix = join(folder, version);
  const program = join(prefix, "node_modules", `node-${system}`, "bin", "node");
  if (existsSync(program)) return program;
  mkdirSync(prefix, { recursive: true });
  execFileSync(
    "npm",
    ["install", "--prefix", prefix, "--no-save", "--no-audit", "--no-fund", `node-${system}@${version}`],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  return program;
});
process.stdout.write(`${paths.join(":")}\n`);
