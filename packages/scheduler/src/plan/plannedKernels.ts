import type { Plan, PlanAssignment } from "./plan.ts";

/** A kernel that a plan uses and that doesn't exist yet, with the first node that it runs and how many. */
export interface PlannedKernel {
  readonly device: string;
  readonly kernel: string;
  readonly node: string;
  /** Over all variants. */
  readonly nodes: number;
}

/** Whether the kernel that a node is to run by doesn't exist yet. */
export const runsByPlanned = (
  { eligibility }: Pick<Plan, "eligibility">,
  assigned: PlanAssignment,
): boolean =>
  eligibility[assigned.eligibility]?.devices.find(({ device }) => device === assigned.device)?.planned ===
  true;

/** Kernels of status `planned` that a plan's nodes run by, each once, in the order of the first use. */
export function plannedKernels(plan: Plan): readonly PlannedKernel[] {
  const found = new Map<string, PlannedKernel>();
  for (const assigned of plan.variants.flatMap((variant) => variant.nodes)) {
    const { device, kernel } = assigned;
    if (device === null || kernel === null || !runsByPlanned(plan, assigned)) continue;
    const key = `${device} ${kernel}`;
    const known = found.get(key);
    const node = known?.node ?? plan.nodes[assigned.node]?.id ?? "";
    found.set(key, { device, kernel, node, nodes: (known?.nodes ?? 0) + 1 });
  }
  return [...found.values()];
}
