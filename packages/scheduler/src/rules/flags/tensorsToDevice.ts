import type { DeviceProfile } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { findDevice } from "./flagDevices.ts";

/**
 * Reads `REGEX=DEVICE`; the last `=` separates them.
 *
 * @throws TensorplanError `flags/tensors-to-device`, `flags/unknown-device`
 */
export function tensorsToDevice(
  text: string,
  flag: string,
  devices: readonly DeviceProfile[],
): { readonly regex: string; readonly device: string } {
  const at = text.lastIndexOf("=");
  if (at <= 0 || at === text.length - 1) {
    throw new TensorplanError({
      code: "flags/tensors-to-device",
      message: `${flag}: expected REGEX=DEVICE`,
      hint: `for example ${flag.split(" ")[0]} 'ffn_.*_exps=cpu'`,
    });
  }
  return { regex: text.slice(0, at), device: findDevice(text.slice(at + 1), devices, flag).id };
}
