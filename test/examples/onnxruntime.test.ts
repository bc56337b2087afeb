import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { tensorplan } from "../cli/support.ts";

const folder = new URL("../../examples/backend-onnxruntime", import.meta.url).pathname;
// It takes 290 MB, so only those who want it install it: npm install --prefix examples/backend-onnxruntime
const installed = existsSync(`${folder}/node_modules/onnxruntime-node`);

interface PlanNodes {
  readonly variants: readonly { readonly nodes: readonly { readonly device: string | null }[] }[];
}

const mixed = ["--backend", `cpu,${folder}`, "--rules", `${folder}/rules.json`];

test.skipIf(!installed)(
  "ONNX Runtime passes the suite for all that it claims",
  async () => {
    const { code, stdout } = await tensorplan(["conformance", folder, "--json"]);
    const { parts, devices } = JSON.parse(stdout);
    expect(parts.flatMap(({ failed }: { failed: unknown[] }) => failed)).toEqual([]);
    expect(devices[0].share).toBeGreaterThan(0.3);
    expect(code).toBe(0);
  },
  300_000,
);

test.skipIf(!installed)(
  "ONNX Runtime runs at least 30 % of the embedded model's nodes, to the same text",
  async () => {
    const plan = JSON.parse((await tensorplan(["plan", ...mixed, "--json"])).stdout) as PlanNodes;
    for (const { nodes } of plan.variants) {
      const placed = nodes.filter(({ device }) => device !== null);
      const there = placed.filter(({ device }) => device === "onnxruntime");
      expect(there.length / placed.length).toBeGreaterThanOrEqual(0.3);
    }
    const common = ["run", "-p", "In the beginning", "-n", "24", "--temp", "0", "--json"];
    const alone = JSON.parse((await tensorplan(common)).stdout);
    const { code, stdout } = await tensorplan([...common, ...mixed]);
    const { text, differences } = JSON.parse(stdout);
    expect([code, text, differences]).toEqual([0, alone.text, []]);
  },
  300_000,
);
