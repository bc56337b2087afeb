import type { DeviceProfile } from "@tensorplan/backend-api";
import type { NodeInfo } from "../graph/graphView.ts";
import type { Homes } from "../residence/homes.ts";
import type { Bounds } from "../variants/bounds.ts";
import { type Verdicts, whyNot } from "../verdicts/verdicts.ts";

/** What deciding needs to know of everything but the node. */
export interface Surroundings {
  readonly devices: readonly DeviceProfile[];
  readonly homes: Homes;
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
  device: number,
  { devices, homes }: Pick<Surroundings, "devices" | "homes">,
): Obstacle | undefined {
  const here = devices[device]?.id;
  for (const { id } of info.weights) {
    const home = homes.of(id);
    if (home.device === device || homes.replica(id, device) !== undefined) continue;
    return {
      code: "away-from-weight",
      why: `its weight '${id}' lives on ${devices[home.device]?.id} by rule '${home.decision.rule}', and no replicate rule lets ${here} hold it too`,
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

/** What keeps a node from a device; `needKernel` is false for composites that will be lowered. */
export function obstacle(
  info: NodeInfo,
  device: number,
  around: Surroundings,
  needKernel: boolean,
): Obstacle | undefined {
  const away = residenceObstacle(info, device, around);
  if (away !== undefined || !needKernel) return away;
  const verdict = around.verdicts.judge(info, device, around.bounds, around.boundsKey);
  if (verdict.kernel !== undefined) return undefined;
  return { code: "no-kernel", why: whyNot(verdict, around.devices[device] as DeviceProfile, info.node.op) };
}
