import type { Backend, BackendOptions } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import type { FoundDevice } from "../execute/planExecutor.ts";
import type { PlanModelOptions } from "./options.ts";

export interface FoundDevices {
  readonly devices: readonly FoundDevice[];
  readonly options: BackendOptions;
  /** What the user should know, such as why the reference backend runs. */
  readonly notes: readonly string[];
}

const loadCpu = async (): Promise<Backend> => (await import("@tensorplan/backend-cpu")).default;
const loadReference = async (): Promise<Backend> =>
  (await import("@tensorplan/backend-reference")).referenceBackend;

/** Reasons of the CPU backend that mean: its native code can't be used here. */
const withoutNativeCode: ReadonlySet<string> = new Set(["cpu/not-built", "cpu/broken", "cpu/stale"]);

interface Choice {
  readonly backends: readonly Backend[];
  readonly notes: readonly string[];
}

async function chooseBackends(
  { backend = "auto", backends }: PlanModelOptions,
  options: BackendOptions,
): Promise<Choice> {
  if (backends !== undefined) return { backends, notes: [] };
  if (backend === "reference") return { backends: [await loadReference()], notes: [] };
  const cpu = await loadCpu();
  if (backend === "cpu") return { backends: [cpu], notes: [] };
  const probe = cpu.probe(options);
  // A wrong option is the user's to mend; only missing native code is a reason to run without it.
  if (probe.kind === "devices" || !withoutNativeCode.has(probe.code)) return { backends: [cpu], notes: [] };
  return {
    backends: [await loadReference()],
    notes: [`running on the reference backend, which is slow: ${probe.reason}`],
  };
}

/** Probes the chosen backends. @throws TensorplanError `engine/no-device` when one of them has none, `engine/device-twice` */
export async function findDevices(options: PlanModelOptions): Promise<FoundDevices> {
  const backendOptions: BackendOptions = {
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(options.cpuDevices === undefined ? {} : { devices: options.cpuDevices }),
  };
  const { backends, notes } = await chooseBackends(options, backendOptions);
  const devices = backends.flatMap((backend) => {
    const probe = backend.probe(backendOptions);
    if (probe.kind === "none") {
      throw new TensorplanError({
        code: "engine/no-device",
        message: `the backend '${backend.name}' has no device here: ${probe.reason}`,
        hint: "mend the option that it names, build the backend (npm start does), or use --backend reference",
        details: { reason: probe.code },
      });
    }
    return probe.devices.map((profile) => ({ profile, backend }));
  });
  const twice = devices.find(({ profile }, i) => devices.findIndex((d) => d.profile.id === profile.id) !== i);
  if (twice !== undefined) {
    throw new TensorplanError({
      code: "engine/device-twice",
      message: `two backends have a device '${twice.profile.id}'`,
      hint: "give devices of your own backend a prefix, such as 'acme:0'",
    });
  }
  return { devices, options: backendOptions, notes };
}
