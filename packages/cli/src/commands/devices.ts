import type { DeviceProfile, ProbeResult } from "@tensorplan/backend-api";
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
  readonly probe: ProbeResult;
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
        const backend = await loadBackend(name);
        found.push({ backend: name, probe: backend.probe(options) });
      }
      if (flags.json)
        return writeJson(
          context.stdout,
          found.map(({ backend, probe }) => ({ backend, ...probe })),
        );
      const { bold, dim } = coloursFor(context.stdout, context.env);
      const rows = found.flatMap(({ probe }) => (probe.kind === "devices" ? probe.devices : [])).map(rowOf);
      await writeTo(
        context.stdout,
        table(
          columns,
          rows.map(([id = "", ...rest]) => [bold(id), ...rest]),
        ),
      );
      for (const { backend, probe } of found) {
        if (probe.kind === "none") await writeTo(context.stdout, dim(`${backend}: none, ${probe.reason}\n`));
      }
    });
};

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
