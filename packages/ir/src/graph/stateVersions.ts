import type { OpSet } from "../op/registry.ts";
import { fail } from "./builder.ts";
import { type Graph, outputId, type ValueId } from "./graph.ts";

/**
 * A state is one piece of memory, so a node must not read a version of it that an earlier node has overwritten.
 */
export function checkStateVersions(graph: Graph, ops: OpSet): void {
  const versions = new Map<ValueId, { readonly state: ValueId; readonly version: number }>();
  const current = new Map<ValueId, { version: number; by: string }>();
  for (const { id } of graph.states) {
    versions.set(id, { state: id, version: 0 });
    current.set(id, { version: 0, by: "" });
  }
  for (const node of graph.nodes) {
    for (const [operand, value] of Object.entries(node.inputs)) {
      const read = versions.get(value);
      const now = read && current.get(read.state);
      if (read === undefined || now === undefined || read.version === now.version) continue;
      fail(
        "graph/stale-state",
        `${node.op} '${node.id}' reads '${value}', a version of the state '${read.state}' that '${now.by}' has overwritten`,
        { node: node.id, operand, state: read.state },
        `use '${now.by}', which is the state's next version`,
      );
    }
    for (const [output, { input, mutates }] of Object.entries(ops.get(node.op).aliases)) {
      const source = node.inputs[input];
      const read = source && versions.get(source);
      if (read === undefined) {
        if (mutates) {
          fail(
            "graph/not-a-state",
            `${node.op} '${node.id}' changes '${source ?? input}', which isn't a state`,
            {
              node: node.id,
              operand: input,
            },
          );
        }
        continue;
      }
      const version = read.version + (mutates ? 1 : 0);
      versions.set(outputId(node.id, output), { state: read.state, version });
      if (mutates) current.set(read.state, { version, by: node.id });
    }
  }
}
