import type { OperandPlace, RegionName, WeightPlace } from "@tensorplan/backend-api";
import { type DType, type Size, TensorplanError } from "@tensorplan/ir";
import { contains, type StepSizes } from "../variants/box.ts";
import type { Plan, PlanVariant } from "./plan.ts";
import { parseSize } from "./planIndex.ts";

/** Weights to load into a device, in the order of their places. A weight in two layouts is listed twice. */
export const weightPlaces = (plan: Plan, device: string): readonly WeightPlace[] =>
  plan.weights
    .flatMap(({ weight, source, dtype, shape, copies }) =>
      copies
        .filter((copy) => copy.device === device)
        .map(({ layout, offset, bytes, mapped }) => ({
          name: weight,
          source,
          dtype,
          layout,
          shape,
          offset,
          bytes,
          ...(mapped ? { mapped } : {}),
        })),
    )
    .sort((a, b) => a.offset - b.offset);

/** Bytes to allocate for each region of a device. */
export function regionBytes(plan: Plan, device: string): Readonly<Record<RegionName, number>> {
  const found = plan.devices.find(({ id }) => id === device);
  if (found === undefined) {
    throw new TensorplanError({
      code: "plan/unknown-device",
      message: `the plan has no device '${device}'`,
      hint: `the devices are: ${plan.devices.map(({ id }) => id).join(", ")}`,
    });
  }
  const { weights, states, inputs, arena } = found;
  return { weights, states, inputs, arena };
}

/** A tensor in a region that host code reads or writes between steps; dense, rows. */
export interface HostPlace extends Omit<OperandPlace, "layout"> {
  readonly name: string;
  readonly device: string;
  readonly dtype: DType;
  readonly shape: readonly Size[];
  /** At the largest. */
  readonly bytes: number;
}

/** Where each step input is to be written, once for every device that reads it. The same for all variants. */
export const inputPlaces = (plan: Plan): readonly HostPlace[] =>
  plan.inputs.flatMap(({ name, dtype, shape, bytes, places }) =>
    places.map(({ device, offset }) => ({
      name,
      device,
      region: "inputs" as const,
      offset,
      dtype,
      shape: shape.map(parseSize),
      bytes,
    })),
  );

/** Where each cache lies: pages are copied and cleared there. */
export const statePlaces = (plan: Plan): readonly HostPlace[] =>
  plan.states.map(({ state, device, offset, dtype, shape, bytes }) => ({
    name: state,
    device,
    region: "states" as const,
    offset,
    dtype,
    shape: shape.map(parseSize),
    bytes,
  }));

/** Where a variant leaves the graph's outputs. They stay until the next step. */
export const outputPlaces = (variant: PlanVariant): readonly Omit<HostPlace, "bytes">[] =>
  variant.outputs.map(({ name, device, region, offset, dtype, shape }) => ({
    name,
    device,
    region,
    offset,
    dtype,
    shape: shape.map(parseSize),
  }));

/** The variant that serves a step of these sizes. @throws TensorplanError `plan/no-variant` */
export function planFor(plan: Plan, sizes: StepSizes): PlanVariant {
  const found = plan.variants.find(({ box }) => contains(box, sizes));
  if (found !== undefined) return found;
  throw new TensorplanError({
    code: "plan/no-variant",
    message: "the plan has no variant for a step of this size",
    hint: "steps must lie within the graph's largest sizes",
    details: { ...sizes },
  });
}
