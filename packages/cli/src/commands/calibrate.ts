import { Calibrator, calibrationFile } from "@tensorplan/runtime";
import { wholeNumber } from "../args/numbers.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { table } from "../output/table.ts";
import { writeWholeFile } from "../output/writeFile.ts";
import type { DefineCommand } from "./all.ts";

interface CalibrateFlags {
  readonly output: string;
  readonly threads?: number;
  readonly seconds: number;
  readonly json?: true;
}

const perSecond = (value: number, unit: string): string => `${(value / 1e9).toFixed(1)} G${unit}/s`;

export const calibrate: DefineCommand = (command, context) => {
  command
    .description(
      "Measures this machine's CPU: small models in the shapes that people run, in steps of many sizes, every kernel timed. Writes a " +
        "profile, with which plans tell the time of their steps: plan, explain, run … --devices FILE. Takes about a gigabyte of memory.",
    )
    .option("-o, --output <FILE>", "profile to write (tensorplan.devices/1)", "tensorplan-devices.json")
    .option("-t, --threads <N>", "threads to measure with (default: one for each core)", wholeNumber(1, 1024))
    .option(
      "--seconds <N>",
      "measure for about so long; every size is measured once at least",
      wholeNumber(1, 3600),
      45,
    )
    .option("--json", "print what was measured as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan calibrate\n  tensorplan calibrate -t 8 -o eight.json && tensorplan plan -m model.gguf --devices eight.json",
    )
    .action(async (flags: CalibrateFlags) => {
      const { signal } = context;
      const started = performance.now();
      await writeTo(context.stderr, "making the models that are measured …\n");
      const calibrator = await Calibrator.open({ threads: flags.threads, signal });
      try {
        let round = 0;
        do {
          const before = performance.now();
          await calibrator.round(signal);
          round = performance.now() - before;
        } while (performance.now() - started + round < flags.seconds * 1000);
        const result = calibrator.result();
        await writeWholeFile(
          flags.output,
          (file) => file.writeFile(`${JSON.stringify(calibrationFile(result), null, 2)}\n`),
          signal,
        );
        const { device, copyBandwidth, rounds } = result;
        const measured = device.kernels.filter(({ cost }) => cost.measured !== undefined);
        const seconds = (performance.now() - started) / 1000;
        if (flags.json) {
          return await writeJson(context.stdout, {
            file: flags.output,
            seconds,
            rounds,
            threads: device.threads,
            bandwidth: device.bandwidth,
            rates: device.rates,
            copyBandwidth,
            kernels: measured.map(({ name, cost }) => ({ name, samples: cost.measured?.length ?? 0 })),
          });
        }
        const rows = [
          ["device", `${device.id}: ${device.name}, ${device.threads} threads`],
          ["reading memory", perSecond(device.bandwidth, "B")],
          ["copying memory", perSecond(copyBandwidth, "B")],
          ["int8", perSecond(device.rates.int8, "op")],
          ["f32", perSecond(device.rates.f32, "op")],
          ["kernels", `${measured.length} measured, ${rounds} times each at least`],
          ["took", `${seconds.toFixed(0)} s`],
          ["profile", flags.output],
        ];
        await writeTo(context.stdout, table([{ title: "" }, { title: "" }], rows));
      } finally {
        calibrator.dispose();
      }
    });
};
