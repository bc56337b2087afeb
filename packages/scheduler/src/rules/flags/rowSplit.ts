import type { DeviceProfile } from "@tensorplan/backend-api";
import type { Graph } from "@tensorplan/ir";
import { namePattern } from "../../shard/namePattern.ts";
import type { Rule, Selector } from "../rule.ts";
import { flagRule, noEffect } from "./flagRule.ts";
import type { PlacementFlags } from "./placementFlags.ts";
import { chosenAccelerator, statedShares } from "./splitFlags.ts";

/** Operands that are matrices [rows, columns] of products, by operation. */
const matrices: Readonly<Record<string, readonly string[]>> = {
  matmul: ["w"],
  gate_up_swiglu: ["gate", "up"],
};

/** Names of the matrices of products by the axis of their rows, axes in order. */
function matricesByRows(graph: Graph): readonly (readonly [axis: string, names: readonly string[]])[] {
  const rowsOf = new Map(graph.weights.map(({ id, axes }) => [id, axes[0] as string]));
  const names = new Map<string, Set<string>>();
  for (const { op, inputs } of graph.nodes) {
    for (const operand of matrices[op] ?? []) {
      const id = inputs[operand];
      const axis = id === undefined ? undefined : rowsOf.get(id);
      if (id === undefined || axis === undefined) continue;
      names.set(axis, (names.get(axis) ?? new Set()).add(id));
    }
  }
  return [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([axis, found]) => [axis, [...found]] as const);
}

/** Devices with a share, the main one in front, and the shares: stated ones, or the devices' memory. */
function sharesOf(
  flags: PlacementFlags,
  accelerators: readonly DeviceProfile[],
  main: DeviceProfile | undefined,
): { readonly devices: readonly string[]; readonly shares: readonly number[] } {
  if (accelerators.length === 1) {
    noEffect("-sm row", `there is one accelerator, ${accelerators[0]?.id}`, "leave the flag out");
  }
  const shares = statedShares(flags, accelerators) ?? accelerators.map(({ memoryBytes }) => memoryBytes);
  // Parts come together on the first device of a shard rule.
  const order = [...accelerators.keys()].sort(
    (a, b) => Number(accelerators[b] === main) - Number(accelerators[a] === main) || a - b,
  );
  const used = order.filter((i) => shares[i] !== 0);
  if (used.length === 1) {
    noEffect(
      "-sm row",
      `one accelerator has all shares of -ts ${flags.tensorSplit}`,
      "use -sm none with -mg",
    );
  }
  return {
    devices: used.map((i) => accelerators[i]?.id as string),
    shares: used.map((i) => shares[i] as number),
  };
}

/**
 * `-sm row`: shard rules that cut the rows of the matrices of products, experts excepted, over the accelerators. What can't be cut lives
 * whole on the main one, as in llama.cpp.
 *
 * @param of which layers are offloaded, the output head included or not
 * @throws TensorplanError `flags/no-effect`, `flags/tensor-split`
 */
export function rowSplitRules(
  text: string,
  flags: PlacementFlags,
  graph: Graph,
  accelerators: readonly DeviceProfile[],
  of: Selector,
): readonly Rule[] {
  const { devices, shares } = sharesOf(flags, accelerators, chosenAccelerator(flags, accelerators));
  const equal = shares.every((share) => share === shares[0]);
  const all = graph.weights.map(({ id }) => id as string);
  return matricesByRows(graph).map(([axis, names]) =>
    flagRule(text, {
      name: `-sm row: rows along ${axis}`,
      when: { kind: "weight", weight: namePattern(names, all, `*.${axis}.weight`), ...of },
      do: { shard: { axis, devices, ...(equal ? {} : { shares }) } },
      why: `rows of matrices over accelerators, ${flags.tensorSplit === undefined ? "in proportion to memory" : "in the shares stated"}`,
      else: "next",
      optional: true,
    }),
  );
}
