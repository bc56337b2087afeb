import type { Chain } from "./chain.ts";
import type { Choice } from "./choices.ts";
import { groupKey } from "./groups.ts";
import type { MilpSolver } from "./solver.ts";

/** Nodes of the search tree, instead of a time that would differ between machines. */
const NODES = 2000;

/** Bytes are counted in mebibytes, rounded up: coefficients of twelve digits are beyond a solver's tolerance. */
const MIB = 2 ** 20;

export interface SolvedChain {
  readonly choice: Choice;
  readonly objective: number;
  readonly bound: number;
}

const name = (group: number, device: number): string => `x${group}_${device}`;

/**
 * Writes the model down: x is 1 where a group lives on a device, y is at least 1 where the ends of an edge differ. Costs are whole
 * microseconds; of equal choices the one that keeps more on earlier devices wins by less than a microsecond.
 */
function lpText(chain: Chain, room: readonly number[]): string {
  const keys = chain.groups.map(groupKey);
  const at = new Map(keys.map((key, index) => [key, index]));
  const devices = room.map((_, device) => device);
  const micro = (ns: number) => Math.round(ns / 1000);
  const terms: string[] = [];
  keys.forEach((key, group) => {
    for (const device of devices) {
      const tie = (device * (group + 1)) / (devices.length * (keys.length + 1) ** 2);
      terms.push(`+ ${(micro(chain.ns.get(key)?.[device] ?? 0) + tie).toFixed(6)} ${name(group, device)}`);
    }
  });
  for (const [edge, { ns }] of chain.edges.entries()) terms.push(`+ ${micro(ns)} y${edge}`);
  const lines = ["Minimize", " cost:"];
  for (let i = 0; i < terms.length; i += 8) lines.push(`  ${terms.slice(i, i + 8).join(" ")}`);
  lines.push("Subject To");
  keys.forEach((_, group) => {
    lines.push(` one${group}: ${devices.map((device) => name(group, device)).join(" + ")} = 1`);
  });
  for (const device of devices) {
    const used = keys
      .map((key, group) => ({ group, mib: Math.ceil((chain.bytes.get(key)?.[device] ?? 0) / MIB) }))
      .filter(({ mib }) => mib > 0)
      .map(({ group, mib }) => `${mib} ${name(group, device)}`);
    if (used.length === 0) continue;
    lines.push(` room${device}:`);
    for (let i = 0; i < used.length; i += 8)
      lines.push(`  ${i === 0 ? "" : "+ "}${used.slice(i, i + 8).join(" + ")}`);
    lines.push(`  <= ${Math.max(0, Math.floor((room[device] as number) / MIB))}`);
  }
  chain.edges.forEach(({ from, to }, edge) => {
    for (const device of devices) {
      const [a, b] = [name(at.get(from) ?? 0, device), name(at.get(to) ?? 0, device)];
      lines.push(` e${edge}_${device}: y${edge} - ${a} + ${b} >= 0`);
    }
  });
  lines.push("Binary");
  for (const group of keys.keys()) lines.push(` ${devices.map((device) => name(group, device)).join(" ")}`);
  lines.push("End", "");
  return lines.join("\n");
}

/** The best choice of the linear model within the room; `undefined` where none fits. Times in nanoseconds. */
export function solveChain(
  chain: Chain,
  room: readonly number[],
  solver: MilpSolver,
): SolvedChain | undefined {
  const { status, objective, bound, values } = solver.solve(lpText(chain, room), { nodes: NODES });
  if (status === "infeasible") return undefined;
  const choice = new Map(
    chain.groups.map((group, index): [string, number] => {
      const taken = room.findIndex((_, device) => (values.get(name(index, device)) ?? 0) > 0.5);
      return [groupKey(group), Math.max(0, taken)];
    }),
  );
  return { choice, objective: Math.round(objective * 1000), bound: Math.floor(bound * 1000) };
}
