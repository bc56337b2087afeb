import { createHash } from "node:crypto";
import type { DeviceProfile, Link } from "@tensorplan/backend-api";
import { canonicalJson } from "@tensorplan/ir";

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Profiles are immutable and hold hundreds of kernel rows: each is hashed once. */
const hashes = new WeakMap<DeviceProfile, string>();

function profileHash(profile: DeviceProfile): string {
  const known = hashes.get(profile);
  if (known !== undefined) return known;
  const { features, layouts, ...rest } = profile;
  const hash = sha256(
    canonicalJson({
      ...rest,
      features: [...features].sort(),
      layouts: layouts
        .map((layout) => ({ ...layout, dtypes: [...layout.dtypes].sort() }))
        .sort((a, b) => byText(a.name, b.name)),
    }),
  );
  hashes.set(profile, hash);
  return hash;
}

/**
 * Hash of what the devices can do, and how they are linked. Lists whose order means nothing are sorted; kernel rows are tried in their
 * order, which counts.
 */
export const capabilitiesHash = (devices: readonly DeviceProfile[], links: readonly Link[]): string =>
  sha256(
    canonicalJson({
      devices: devices.map(profileHash),
      links: links.map((link) => canonicalJson({ ...link, between: [...link.between].sort() })).sort(),
    }),
  );
