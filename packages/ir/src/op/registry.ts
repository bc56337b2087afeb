import { TensorplanError } from "../errors.ts";
import type { Op } from "./op.ts";

/** A closed set of operations by name. Extend one with `extendOps`; nothing is ever registered globally. */
export interface OpSet {
  readonly names: readonly string[];
  has(name: string): boolean;
  get(name: string): Op;
}

export function opSet(ops: readonly Op[]): OpSet {
  const byName = new Map<string, Op>();
  for (const op of ops) {
    if (byName.has(op.name)) {
      throw new TensorplanError({
        code: "ops/duplicate",
        message: `two operations are called '${op.name}'`,
        hint: "give your own operation a prefix, such as 'acme.rope'",
      });
    }
    byName.set(op.name, op);
  }
  const names = [...byName.keys()].sort();
  return {
    names,
    has: (name) => byName.has(name),
    get(name) {
      const op = byName.get(name);
      if (op === undefined) {
        throw new TensorplanError({
          code: "ops/unknown",
          message: `there is no operation '${name}'`,
          hint: "pass the op set that defines it (extendOps) where the graph is read",
        });
      }
      return op;
    },
  };
}

export const extendOps = (base: OpSet, ops: readonly Op[]): OpSet =>
  opSet([...base.names.map((name) => base.get(name)), ...ops]);
