import type { BackendOptions, DeviceProfile, Link, ProbeResult } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { type DeviceSet, readDevices, shippedDevices } from "@tensorplan/runtime";
import type { Command } from "commander";
import { wholeNumber } from "../args/numbers.ts";
import type { CliContext } from "../cliContext.ts";
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
  readonly devices?: string;
  readonly json?: true;
}

interface Found {
  readonly backend: string;
  readonly result: ProbeResult;
}

export const devices: DefineCommand = (command, context) => {
  command
    .description(
      "Lists the devices that models can run on here, and says why a backend has none; or the devices and links of a profile.",
    )
    .option("--backend <NAME,…>", "only these backends: own ones, paths or packages", (text: string) =>
      text.split(","),
    )
    .option("--cpu-devices <N>", "open the CPU as N devices with memories of their own", wholeNumber(1, 16))
    .option(
      "-t, --threads <N>",
      "threads of each CPU device (default: one for each core)",
      wholeNumber(1, 1024),
    )
    .option(
      "--devices <NAME|FILE>",
      `show a profile instead: ${shippedDevices.join(", ")}, or a file (tensorplan.devices/1)`,
    )
    .option("--json", "print the whole profiles, kernel rows included, as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan devices\n  tensorplan devices --json --backend cpu | jq '.[0].devices[0].kernels[].name'\n  tensorplan devices --devices 8xh100",
    )
    .action(async (flags: DevicesFlags) => {
      if (flags.devices !== undefined) return showProfile(flags.devices, flags, context, command);
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

async function showProfile(
  name: string,
  flags: DevicesFlags,
  context: CliContext,
  command: Command,
): Promise<void> {
  const stray = (["backend", "cpuDevices", "threads"] as const).find((flag) => flags[flag] !== undefined);
  if (stray !== undefined) {
    const option = command.options.find((each) => each.attributeName() === stray);
    return command.error(
      `error: ${option?.long} is about devices that are here, not about --devices ${name}`,
    );
  }
  const set = await readDevices(name);
  if (flags.json) return writeJson(context.stdout, set);
  const { bold, dim } = coloursFor(context.stdout, context.env);
  const rows = set.devices.map((profile) => [...rowOf(profile), String(plannedCount(profile))]);
  await writeTo(
    context.stdout,
    `${dim(set.name)}\n${table(
      [...columns.slice(0, -1), { title: "features" }, { title: "planned", align: "right" }],
      rows.map(([id = "", ...rest]) => [bold(id), ...rest]),
    )}`,
  );
  if (set.links.length === 0) return;
  await writeTo(context.stdout, `\n${linkTable(set)}`);
}

const plannedCount = ({ kernels }: DeviceProfile): number =>
  kernels.filter(({ status }) => status === "planned").length;

/** Links of one kind and speed on one line. */
function linkTable({ links }: DeviceSet): string {
  const groups = new Map<string, { readonly link: Link; readonly pairs: string[] }>();
  for (const link of links) {
    const key = `${link.kind} ${link.bandwidth} ${link.latencyNs}`;
    const group = groups.get(key) ?? { link, pairs: [] };
    group.pairs.push(link.between.join(" – "));
    groups.set(key, group);
  }
  return table(
    [
      { title: "link" },
      { title: "one way", align: "right" },
      { title: "latency", align: "right" },
      { title: "between" },
    ],
    [...groups.values()].map(({ link, pairs }) => [
      link.kind ?? "",
      `${(link.bandwidth / 1e9).toFixed(1)} GB/s`,
      `${(link.latencyNs / 1000).toFixed(1)} µs`,
      pairs.length > 8 ? `${pairs.slice(0, 7).join(", ")}, … (${pairs.length})` : pairs.join(", "),
    ]),
  );
}

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
