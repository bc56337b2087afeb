import type { DeviceProfile } from "@tensorplan/backend-api";
import type { OpSet } from "@tensorplan/ir";
import type { NodeInfo } from "../graph/graphView.ts";
import type { Bounds } from "../variants/bounds.ts";
import type { Verdict, Verdicts } from "../verdicts/verdicts.ts";
import { Interned } from "./intern.ts";
import type { DeviceEligibility, Eligibility } from "./plan.ts";
import { PlanNodes } from "./planNodes.ts";

/** Lists that the variants of a plan share. */
export class PlanParts {
  readonly nodes: PlanNodes;
  readonly eligibility = new Interned<Eligibility>();
  readonly #devices: readonly DeviceProfile[];
  readonly #verdicts: Verdicts;
  readonly #texts = new Map<Verdict, string>();

  constructor(ops: OpSet, devices: readonly DeviceProfile[], verdicts: Verdicts) {
    this.nodes = new PlanNodes(ops);
    this.#devices = devices;
    this.#verdicts = verdicts;
  }

  /** What each device could do for a node: an index into the list of distinct answers. */
  eligibilityOf(info: NodeInfo, bounds: Bounds, boundsKey: string): number {
    const verdicts = this.#devices.map((_, device) => this.#verdicts.judge(info, device, bounds, boundsKey));
    return this.eligibility.add(verdicts.map((verdict) => this.#text(verdict)).join("|"), () => ({
      devices: verdicts.map((verdict) => this.#entry(verdict)),
    }));
  }

  #entry({ device, kernel, refused }: Verdict): DeviceEligibility {
    return {
      device: (this.#devices[device] as DeviceProfile).id,
      kernel: kernel?.name ?? null,
      ...(kernel?.status === "planned" ? { planned: true } : {}),
      refused,
    };
  }

  #text(verdict: Verdict): string {
    const known = this.#texts.get(verdict);
    if (known !== undefined) return known;
    const text = JSON.stringify([
      verdict.device,
      verdict.kernel?.name ?? null,
      verdict.refused.map(({ kernel, code, why }) => [kernel, code, why]),
    ]);
    this.#texts.set(verdict, text);
    return text;
  }
}
