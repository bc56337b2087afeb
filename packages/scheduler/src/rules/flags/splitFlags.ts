import type { DeviceProfile } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { deviceNamed } from "../deviceName.ts";
import { noEffect } from "./flagRule.ts";
import type { PlacementFlags } from "./placementFlags.ts";

/** `-sm`, `-ts` and `-mg` only change what `-ngl` says. @throws TensorplanError `flags/no-effect` */
export function checkSplitFlags({ gpuLayers, splitMode, tensorSplit, mainGpu }: PlacementFlags): void {
  const given = [
    ...(splitMode === undefined ? [] : [`-sm ${splitMode}`]),
    ...(tensorSplit === undefined ? [] : [`-ts ${tensorSplit}`]),
    ...(mainGpu === undefined ? [] : [`-mg ${mainGpu}`]),
  ];
  const [flag] = given;
  if (flag !== undefined && (gpuLayers === undefined || gpuLayers === 0)) {
    noEffect(flag, "no layers go to an accelerator", "say how many with -ngl, for example -ngl 99");
  }
  if (mainGpu !== undefined && splitMode !== "none" && splitMode !== "row") {
    noEffect(
      `-mg ${mainGpu}`,
      "layers are spread over all accelerators",
      "add -sm none to take only one, or -sm row",
    );
  }
  if (tensorSplit !== undefined && splitMode === "none") {
    noEffect(`-ts ${tensorSplit}`, "-sm none puts all layers on one accelerator", "leave one of the two out");
  }
}

/** The accelerator that `-sm none` takes, and on which `-sm row` keeps what it doesn't cut. @throws TensorplanError `flags/main-gpu` */
export function chosenAccelerator(
  { splitMode, mainGpu = "0" }: PlacementFlags,
  accelerators: readonly DeviceProfile[],
): DeviceProfile | undefined {
  if (splitMode !== "none" && splitMode !== "row") return undefined;
  const ids = accelerators.map(({ id }) => id);
  const id = /^\d+$/.test(mainGpu) ? ids[Number(mainGpu)] : deviceNamed(mainGpu, ids);
  const found = accelerators.find((device) => device.id === id);
  if (found !== undefined) return found;
  throw new TensorplanError({
    code: "flags/main-gpu",
    message: `-mg ${mainGpu}: there is no such accelerator`,
    hint: `they are: ${ids.map((name, i) => `${i} or ${name}`).join(", ")}`,
  });
}

/** The shares of `-ts`, one for each device; devices behind the last share get none. @throws TensorplanError `flags/tensor-split` */
export function statedShares(
  { tensorSplit }: PlacementFlags,
  devices: readonly DeviceProfile[],
): readonly number[] | undefined {
  if (tensorSplit === undefined) return undefined;
  const flag = `-ts ${tensorSplit}`;
  if (devices.length === 1) {
    noEffect(flag, `there is one accelerator, ${devices[0]?.id}`, "leave the flag out");
  }
  const shares = tensorSplit.split(/[,/]/).map((text) => (text.trim() === "" ? Number.NaN : Number(text)));
  if (
    shares.some((share) => !Number.isFinite(share) || share < 0) ||
    shares.every((share) => share === 0) ||
    shares.length > devices.length
  ) {
    throw new TensorplanError({
      code: "flags/tensor-split",
      message: `${flag}: expected up to ${devices.length} shares, none below 0 and not all 0`,
      hint: `write one for each of ${devices.map(({ id }) => id).join(", ")}, such as ${devices.map(() => 1).join(",")}`,
    });
  }
  return devices.map((_, i) => shares[i] ?? 0);
}
