import { cpuBackend } from "@tensorplan/backend-cpu";
import { calibrationPresets } from "@tensorplan/models";
import { describe, expect, test } from "vitest";
import { checkDeviceFile } from "../profiles/checkDeviceFile.ts";
import { calibrationFile } from "./calibrationFile.ts";
import { Calibrator } from "./calibrator.ts";
import { median } from "./stepSeries.ts";

test("a median is the middle value, or the mean of the two in the middle", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([7])).toBe(7);
});

describe.skipIf(cpuBackend.probe({}).kind === "none")("calibrating", () => {
  test("measures every kernel that a model runs and writes a profile that can be read", async () => {
    const steps = [
      { tokens: 1, context: 64, sequences: 1, outputs: 1 },
      { tokens: 160, context: 160, sequences: 1, outputs: 160 },
    ];
    const calibrator = await Calibrator.open({
      threads: 1,
      presets: calibrationPresets.slice(0, 1),
      steps,
    });
    try {
      await calibrator.round();
      const { device, copyBandwidth, rounds } = calibrator.result();
      expect(rounds).toBe(1);
      expect(copyBandwidth).toBeGreaterThan(1e8);
      const measured = device.kernels.filter(({ cost }) => cost.measured !== undefined);
      const ops = new Set(measured.map(({ op }) => op));
      for (const op of ["matmul", "moe", "latent_attention", "mla_decompressed_attention", "rms_norm"]) {
        expect(ops).toContain(op);
      }
      for (const { cost } of measured)
        for (const { ns } of cost.measured ?? []) expect(ns).toBeGreaterThan(0);

      const text = JSON.stringify(calibrationFile({ device, copyBandwidth, rounds }));
      const read = checkDeviceFile(text, "calibration");
      expect(read.devices[0]?.kernels).toEqual(device.kernels);
    } finally {
      calibrator.dispose();
    }
  }, 120_000);
});
