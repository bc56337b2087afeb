import type { DeviceProfile } from "@tensorplan/backend-api";
import type { Rule } from "../rule.ts";
import { flagRule } from "./flagRule.ts";
import { tensorsToDevice } from "./tensorsToDevice.ts";

/** `--stream REGEX=DEVICE`: a stream rule above break-even for each. */
export const streamTensorRules = (
  streams: readonly string[],
  devices: readonly DeviceProfile[],
): readonly Rule[] =>
  streams.map((text) => {
    const flag = `--stream ${text}`;
    const { regex, device } = tensorsToDevice(text, flag, devices);
    return flagRule(flag, {
      name: flag,
      when: { weight: { regex } },
      do: { stream: [device], above: "break-even" },
    });
  });
