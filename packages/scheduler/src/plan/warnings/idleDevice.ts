import { formatBytes } from "../../explain/quantities.ts";
import type { Plan, PlanWarning } from "../plan.ts";

/** Devices that the plan was made for and that neither hold nor compute anything. */
export function idleDevice(plan: Plan): readonly PlanWarning[] {
  const working = new Set(plan.variants.flatMap(({ splits }) => splits.map(({ device }) => device)));
  const idle = plan.devices.filter(({ id, weights, states }) => !working.has(id) && weights + states === 0);
  const [first, ...more] = idle;
  if (first === undefined) return [];
  const names = idle.map(({ id, budget }) => `${id} (${formatBytes(budget)})`).join(", ");
  const store = first.hostMemory
    ? `store weights there (-ot REGEX=${first.id})`
    : `store layers there (-ngl N) or some weights (-ot REGEX=${first.id})`;
  return [
    {
      code: "idle-device",
      message: `${names} ${more.length === 0 ? "gets" : "get"} no work: no rule stores anything there`,
      hint: `${store}, or plan without ${more.length === 0 ? "it" : "them"}`,
    },
  ];
}
