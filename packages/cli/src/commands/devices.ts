import type { BackendOptions, DeviceProfile, ProbeResult } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { wholeNumber } from "../args/numbers.ts";
import { loadBackend, ownBackends } from "../engine/loadBackend.ts";
import { coloursFor } from "../output/colours.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { table } from "../output/table.ts";
import { bytes } from "../output/units.ts";
import type { DefineCommand } from "./all.ts";

interface DevicesFlags {
  readonly backend?: readonly string[];
  readonly cpuDevices?: number;
  readonly threads?: number;
  readonly json?: true;
}

interface Found {
  readonly backend: string;
  readonly result: ProbeResult;
}

export const devices: DefineCommand = (command, context) => {
  command
    .description("Lists the devices that models can run on here, and says why a backend has none.")
    .option("--backend <NAME,…>", "only these backends: own ones, paths or packages", (text: string) =>
      text.split(","),
    )
    .option("--cpu-devices <N>", "open the CPU as N devices with memories of their own", wholeNumber(1, 16))
    .option(
      "-t, --threads <N>",
      "threads of each CPU device (default: one for each core)",
      wholeNumber(1, 1024),
    )
    .option("--json", "print the whole profiles, kernel rows included, as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan devices\n  tensorplan devices --json --backend cpu | jq '.[0].devices[0].kernels[].name'",
    )
    .action(async (flags: DevicesFlags) => {
      const options = {
        ...(flags.threads === undefined ? {} : { threads: flags.threads }),
        ...(flags.cpuDevices === undefined ? {} : { devices: flags.cpuDevices }),
      };
      const found: Found[] = [];
      for (const name of flags.backend ?? ownBackends) {
        found.push({ backend: name, result: await probe(name, options, flags.backend !== undefined) });
      }
      if (flags.json)
        return writeJson(
          context.stdout,
          found.map(({ backend, result }) => ({ backend, ...result })),
        );
      const { bold, dim } = coloursFor(context.stdout, context.env);
      const rows = found
        .flatMap(({ result }) => (result.kind === "devices" ? result.devices : []))
        .map(rowOf);
      await writeTo(
        context.stdout,
        table(
          columns,
          rows.map(([id = "", ...rest]) => [bold(id), ...rest]),
        ),
      );
      for (const { backend, result } of found) {
        if (result.kind === "none")
          await writeTo(context.stdout, dim(`${backend}: none, ${result.reason}\n`));
      }
    });
};

/** A backend that comes along and can't be loaded is one without devices; one that was asked for is an error. */
async function probe(name: string, options: BackendOptions, asked: boolean): Promise<ProbeResult> {
  try {
    return (await loadBackend(name)).probe(options);
  } catch (error) {
    if (asked || !(error instanceof TensorplanError)) throw error;
    return { kind: "none", code: error.code, reason: error.message };
  }
}

const columns = [
  { title: "device" },
  { title: "backend" },
  { title: "name" },
  { title: "memory", align: "right" },
  { title: "threads", align: "right" },
  { title: "reads", align: "right" },
  { title: "kernels", align: "right" },
  { title: "features" },
] as const;

const rowOf = (profile: DeviceProfile): readonly string[] => [
  profile.id,
  profile.backend,
  profile.name,
  bytes(profile.memoryBytes),
  String(profile.threads),
  `${(profile.bandwidth / 1e9).toFixed(1)} GB/s`,
  String(profile.kernels.filter(({ status }) => status === "ready").length),
  profile.features.join(" "),
];
