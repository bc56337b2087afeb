import type { CostSample } from "@tensorplan/backend-api";
import { expect, test } from "vitest";
import { profile } from "../testing/fixtures.ts";
import { kernelTime } from "./kernelTime.ts";
import { measuredRatio } from "./measuredRatio.ts";

const sample = (tokens: number, ns: number, stepBytes = 2 ** 20): CostSample => ({
  flops: tokens * 2 ** 20,
  bytes: 2 ** 16 + tokens * 2 ** 10,
  rows: tokens,
  elements: tokens * 512,
  stepBytes,
  ns,
});
const device = profile("a");
const cost = { rate: "f32", computeShare: 1, memoryShare: 1, overheadNs: 0 } as const;
const time = (measured: readonly CostSample[], work: CostSample) =>
  kernelTime(device, { ...cost, measured }, work).ns;

test("work that was measured takes what it took", () => {
  const samples = [sample(1, 3e5), sample(8, 9e5), sample(64, 8e6), sample(512, 9e7), sample(32, 5e6)];
  for (const each of samples) expect(time(samples, each) / each.ns).toBeCloseTo(1, 1);
});

test("work between samples takes time between what they took", () => {
  const samples = [sample(64, 8e6), sample(256, 3.2e7)];
  const between = time(samples, sample(128, 0));
  expect(between).toBeGreaterThan(8e6);
  expect(between).toBeLessThan(3.2e7);
});

test("far work keeps the nearest samples' ratio to the roofline", () => {
  const slow = [sample(256, 0), sample(512, 0)].map((each) => ({ ...each, ns: 2 * time([], each) }));
  const far = sample(4096, 0);
  expect(time(slow, far) / time([], far)).toBeCloseTo(2, 1);
});

test("cold and warm steps are told apart by what the step touches", () => {
  const samples = [sample(1, 1e5, 2 ** 20), sample(1, 4e5, 2 ** 30)];
  expect(time(samples, sample(1, 0, 2 ** 21))).toBeLessThan(1.5e5);
  expect(time(samples, sample(1, 0, 2 ** 29))).toBeGreaterThan(3.5e5);
});

test("without samples nothing is changed", () => {
  expect(measuredRatio([], () => 1, sample(1, 0))).toBe(1);
  expect(time([], sample(1, 0))).toBe(kernelTime(device, cost, sample(1, 0)).ns);
});
