import type { Action, Rule } from "./rule.ts";

/** `CPU`, `CUDA0`, `ROCm1` as ggml's programs call devices → `cpu`, `cuda:0`, `rocm:1`. */
const fromGgml = (name: string): string => name.toLowerCase().replace(/^([a-z]+)(\d+)$/, "$1:$2");

/** The device that a name means: an id as it is, or ggml's spelling of it. `undefined`: there is none. */
export function deviceNamed<Id extends string>(name: string, ids: readonly Id[]): Id | undefined {
  const ours = fromGgml(name);
  return ids.find((id) => id === name) ?? ids.find((id) => id === ours);
}

function renamed(action: Action, rename: (name: string) => string): Action {
  if ("store" in action) return { ...action, store: rename(action.store) };
  if ("place" in action) return { place: rename(action.place) };
  if ("prefer" in action) return { prefer: action.prefer.map(rename) };
  if ("replicate" in action) return { replicate: action.replicate.map(rename) };
  if ("stream" in action) return { ...action, stream: action.stream.map(rename) };
  if ("shard" in action) return { shard: { ...action.shard, devices: action.shard.devices.map(rename) } };
  return action;
}

/** Rules with every device called by its id. Names that mean no device stay as they are. */
export const withDeviceIds = (rules: readonly Rule[], ids: readonly string[]): readonly Rule[] =>
  rules.map((rule) => ({ ...rule, do: renamed(rule.do, (name) => deviceNamed(name, ids) ?? name) }));
