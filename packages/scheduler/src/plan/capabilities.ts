import { createHash } from "node:crypto";
import type { DeviceProfile, Link } from "@tensorplan/backend-api";
import { canonicalJson } from "@tensorplan/ir";
import type { PlanCapabilities } from "./plan.ts";

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

interface Snapshot {
  readonly device: DeviceProfile;
  readonly hash: string;
}

/** Profiles are immutable and hold hundreds of kernel rows: each is put in order and hashed once. */
const snapshots = new WeakMap<DeviceProfile, Snapshot>();

function snapshotOf(profile: DeviceProfile): Snapshot {
  const known = snapshots.get(profile);
  if (known !== undefined) return known;
  const { features, layouts } = profile;
  const device: DeviceProfile = {
    ...profile,
    features: [...features].sort(),
    layouts: layouts
      .map((layout) => ({ ...layout, dtypes: [...layout.dtypes].sort() }))
      .sort((a, b) => byText(a.name, b.name)),
  };
  const snapshot = { device, hash: sha256(canonicalJson(device)) };
  snapshots.set(profile, snapshot);
  return snapshot;
}

/**
 * What the devices can do, and how they are linked. Lists whose order means nothing are sorted; kernel rows are tried in their order,
 * which counts.
 */
export function capabilitiesOf(devices: readonly DeviceProfile[], links: readonly Link[]): PlanCapabilities {
  const taken = devices.map(snapshotOf);
  const sorted = links
    .map(({ between: [a, b], ...link }): Link => ({ ...link, between: a < b ? [a, b] : [b, a] }))
    .sort((a, b) => byText(canonicalJson(a), canonicalJson(b)));
  const hash = sha256(canonicalJson({ devices: taken.map((each) => each.hash), links: sorted }));
  return { hash, devices: taken.map(({ device }) => device), links: sorted };
}
