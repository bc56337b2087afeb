import type { DeviceProfile } from "@tensorplan/backend-api";
import type { NodeInfo } from "../graph/graphView.ts";
import type { WeightAccess } from "../residence/access.ts";
import type { Homes } from "../residence/homes.ts";
import type { Facts } from "../rules/selector.ts";
import type { Bounds } from "../variants/bounds.ts";
import { type Verdicts, whyNot } from "../verdicts/verdicts.ts";

/** What deciding needs to know of everything but the node. */
export interface Surroundings {
  readonly devices: readonly DeviceProfile[];
  readonly homes: Homes;
  readonly access: WeightAccess;
  readonly verdicts: Verdicts;
  readonly bounds: Bounds;
  /** Equal keys mean equal bounds. */
  readonly boundsKey: string;
}

/**
 * Why a node can't run on a device. `away`: something that it reads lives elsewhere, by the rule named. `follow`: what it is to follow
 * leads nowhere.
 */
export interface Obstacle {
  readonly code: "away-from-weight" | "away-from-state" | "no-kernel" | "follow-circle" | "follow-disagree";
  readonly why: string;
  readonly storeRule?: string;
  /** What disagrees, by name. */
  readonly which?: string;
}

/** What keeps a node from a device because of where its weights and caches live. */
function residenceObstacle(
  info: NodeInfo,
  facts: Facts,
  device: number,
  { devices, homes, access }: Pick<Surroundings, "devices" | "homes" | "access">,
): Obstacle | undefined {
  const here = devices[device]?.id;
  for (const weight of info.weights) {
    if (access.of(facts, weight, device) !== undefined) continue;
    const { id } = weight;
    const home = homes.of(id);
    return {
      code: "away-from-weight",
      why: `its weight '${id}' lives on ${devices[home.device]?.id} by rule '${home.decision.rule}', and no replicate or stream rule brings it to ${here}`,
      storeRule: home.decision.rule,
    };
  }
  for (const { id } of info.states) {
    const home = homes.of(id);
    if (home.device === device) continue;
    return {
      code: "away-from-state",
      why: `its cache '${id}' lives on ${devices[home.device]?.id} by rule '${home.decision.rule}', not on ${here}`,
      storeRule: home.decision.rule,
    };
  }
  return undefined;
}

/** What keeps a node with these facts from a device; `needKernel` is false for composites that will be lowered. */
export function obstacle(
  info: NodeInfo,
  facts: Facts,
  device: number,
  around: Surroundings,
  needKernel: boolean,
): Obstacle | undefined {
  const away = residenceObstacle(info, facts, device, around);
  if (away !== undefined || !needKernel) return away;
  const verdict = around.verdicts.judge(info, device, around.bounds, around.boundsKey);
  if (verdict.kernel !== undefined) return undefined;
  return { code: "no-kernel", why: whyNot(verdict, around.devices[device] as DeviceProfile, info.node.op) };
}
