import type { Plan } from "./plan.ts";

/** A kernel that a plan uses and that doesn't exist yet, with the first node that it runs and how many. */
export interface PlannedKernel {
  readonly device: string;
  readonly kernel: string;
  readonly node: string;
  /** Over all variants. */
  readonly nodes: number;
}

/** Kernels of status `planned` that a plan's nodes run by, each once, in the order of the first use. */
export function plannedKernels({ nodes, eligibility, variants }: Plan): readonly PlannedKernel[] {
  const found = new Map<string, PlannedKernel>();
  for (const assigned of variants.flatMap((variant) => variant.nodes)) {
    const { device, kernel } = assigned;
    if (device === null || kernel === null) continue;
    const able = eligibility[assigned.eligibility]?.devices.find((each) => each.device === device);
    if (able?.planned !== true) continue;
    const key = `${device} ${kernel}`;
    const known = found.get(key);
    const node = known?.node ?? nodes[assigned.node]?.id ?? "";
    found.set(key, { device, kernel, node, nodes: (known?.nodes ?? 0) + 1 });
  }
  return [...found.values()];
}
