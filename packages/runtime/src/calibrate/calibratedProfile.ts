import type { CostSample, DeviceProfile, KernelRow, RateName } from "@tensorplan/backend-api";
import { median, type StepSeries } from "./stepSeries.ts";

/** Kernels of at least so many bytes and at most so many operations a byte show what the memory gives. */
const STREAMED_BYTES = 16 * 2 ** 20;
const STREAMED_FLOPS_PER_BYTE = 8;
/** Kernels of at least so many operations show what arithmetic gives. */
const COMPUTED_FLOPS = 1e8;

type Samples = ReadonlyMap<string, readonly CostSample[]>;

/** Series of steps, and the bytes that were touched in between by others. */
export interface MeasuredSeries {
  readonly series: StepSeries;
  readonly otherBytes: number;
}

interface Group {
  readonly work: Omit<CostSample, "ns">;
  readonly ns: number[];
}

/** What each kernel took, by its name: one sample for each amount of work. */
function samplesOf(measured: readonly MeasuredSeries[]): Samples {
  const groups = new Map<string, Map<string, Group>>();
  const add = (kernel: string, work: Group["work"], ns: number) => {
    const byWork = groups.get(kernel) ?? new Map<string, Group>();
    groups.set(kernel, byWork);
    const key = Object.values(work).join(" ");
    const group = byWork.get(key) ?? { work, ns: [] };
    byWork.set(key, group);
    group.ns.push(ns);
  };
  for (const { series, otherBytes } of measured) {
    for (const index of series.steps.keys()) {
      const stepBytes = series.stepBytes(index) + otherBytes;
      const medians = series.medians(index);
      series.estimate(index).nodes.forEach(({ kernel, flops, bytes, rows, elements }, position) => {
        const ns = medians[position] ?? 0;
        if (kernel !== null && ns > 0) add(kernel, { flops, bytes, rows, elements, stepBytes }, ns);
      });
    }
  }
  return new Map(
    [...groups].map(([kernel, byWork]) => [
      kernel,
      [...byWork.values()].map(({ work, ns }) => ({ ...work, ns: Math.round(median(ns)) })),
    ]),
  );
}

const largest = (values: readonly number[], otherwise: number): number =>
  values.length === 0 ? otherwise : Math.round(Math.max(...values));

function bandwidthOf(samples: Samples, otherwise: number): number {
  const streamed = [...samples.values()]
    .flat()
    .filter(
      ({ bytes, flops, ns }) => ns > 0 && bytes >= STREAMED_BYTES && flops <= STREAMED_FLOPS_PER_BYTE * bytes,
    );
  return largest(
    streamed.map(({ bytes, ns }) => (bytes * 1e9) / ns),
    otherwise,
  );
}

/** The rate at which the fastest kernel reaches the share that its row states. */
function rateOf(rate: RateName, kernels: readonly KernelRow[], samples: Samples, otherwise: number): number {
  const reached = kernels
    .filter(({ cost }) => cost.rate === rate)
    .flatMap(({ name, cost }) =>
      (samples.get(name) ?? [])
        .filter(({ flops, ns }) => ns > 0 && flops >= COMPUTED_FLOPS)
        .map(({ flops, ns }) => (flops * 1e9) / ns / cost.computeShare),
    );
  return largest(reached, otherwise);
}

/** A device's profile with the speeds that were measured: bandwidth, rates, and samples in the cost of every kernel that ran. */
export function calibratedProfile(profile: DeviceProfile, series: readonly MeasuredSeries[]): DeviceProfile {
  const samples = samplesOf(series);
  const { kernels, rates } = profile;
  const f32 = rateOf("f32", kernels, samples, rates.f32);
  return {
    ...profile,
    bandwidth: bandwidthOf(samples, profile.bandwidth),
    // The kernels widen f16 to f32 before they multiply.
    rates: { int8: rateOf("int8", kernels, samples, rates.int8), f32, f16: f32 },
    kernels: kernels.map((row) => {
      const measured = samples.get(row.name);
      return measured === undefined ? row : { ...row, cost: { ...row.cost, measured } };
    }),
  };
}
