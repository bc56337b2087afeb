import type { OperandPlace } from "@tensorplan/backend-api";
import { type Size, size, TensorplanError } from "@tensorplan/ir";
import { streamBuffer } from "../splits/streams.ts";
import type { Plan, PlanNode, PlanType, PlanVariant } from "./plan.ts";

/** Look-ups into one variant of a plan, made once. */
export interface VariantIndex {
  readonly variant: PlanVariant;
  nodeAt(position: number): PlanNode;
  /** Element type and printed sizes of a value. */
  typeOf(value: string): PlanType;
  /** Where a value lies on a device, in the layout that the reading kernel wants. */
  place(value: string, device: string, layout?: string): OperandPlace;
}

const indexes = new WeakMap<PlanVariant, VariantIndex>();
const sizes = new Map<string, Size>();

/** Printed sizes repeat endlessly, and a parsed one never changes. */
export function parseSize(text: string): Size {
  const known = sizes.get(text);
  if (known !== undefined) return known;
  const parsed = size(text);
  sizes.set(text, parsed);
  return parsed;
}

const missing = (what: string): TensorplanError =>
  new TensorplanError({
    code: "plan/inconsistent",
    message: `the plan mentions ${what}, which it doesn't contain`,
    hint: "make the plan again; a plan file must not be edited",
  });

type Base = Pick<OperandPlace, "region" | "offset" | "layout">;

/** Builds the look-ups of a variant; the same variant object gives the same index. */
export function variantIndex(plan: Plan, variant: PlanVariant): VariantIndex {
  const known = indexes.get(variant);
  if (known !== undefined) return known;

  const types = new Map<string, PlanType>();
  const roots = new Map<string, string>();
  for (const { weight, dtype, shape } of plan.weights) types.set(weight, { dtype, shape: shape.map(String) });
  for (const { state, dtype, shape } of plan.states) types.set(state, { dtype, shape });
  for (const { name, dtype, shape } of plan.inputs) types.set(name, { dtype, shape });
  for (const { node } of variant.nodes) {
    const { id, inputs, outputs, aliases = {} } = plan.nodes[node] as PlanNode;
    for (const [name, type] of Object.entries(outputs)) {
      const value = name === "out" ? id : `${id}:${name}`;
      types.set(value, type);
      const operand = aliases[name] === undefined ? undefined : inputs[aliases[name]];
      if (operand !== undefined) roots.set(value, roots.get(operand) ?? operand);
    }
  }
  const weights = new Map(plan.weights.map((each) => [each.weight, each]));
  const states = new Map(plan.states.map((each) => [each.state, each]));
  const inputs = new Map(plan.inputs.map((each) => [each.name, each]));
  const arenas = new Map(
    variant.memory.map(({ device, buffers }) => [
      device,
      new Map(buffers.map(({ id, offset }) => [id, offset])),
    ]),
  );

  const base = (root: string, device: string, layout: string): Base => {
    const weight = weights.get(root);
    if (weight !== undefined) {
      const copy = weight.copies.find((each) => each.device === device && each.layout === layout);
      if (copy !== undefined) return { region: "weights", offset: copy.offset, layout };
      const streamed = arenas.get(device)?.get(streamBuffer(root, layout));
      if (streamed === undefined) throw missing(`a copy of '${root}' on ${device} as ${layout}`);
      return { region: "arena", offset: streamed, layout };
    }
    const state = states.get(root);
    if (state !== undefined) return { region: "states", offset: state.offset, layout: state.layout };
    const input = inputs.get(root);
    if (input !== undefined) {
      const place = input.places.find((each) => each.device === device);
      if (place === undefined) throw missing(`the step input '${root}' on ${device}`);
      return { region: "inputs", offset: place.offset, layout: "rows" };
    }
    const offset = arenas.get(device)?.get(root);
    if (offset === undefined) throw missing(`the value '${root}' on ${device}`);
    return { region: "arena", offset, layout: "rows" };
  };

  const typeOf = (value: string): PlanType => {
    const type = types.get(value);
    if (type === undefined) throw missing(`the value '${value}'`);
    return type;
  };

  const index: VariantIndex = {
    variant,
    nodeAt: (position) => {
      const node = plan.nodes[variant.nodes[position]?.node ?? -1];
      if (node === undefined) throw missing(`node number ${position}`);
      return node;
    },
    typeOf,
    place(value, device, layout = "rows") {
      const type = typeOf(value);
      return {
        ...base(roots.get(value) ?? value, device, layout),
        dtype: type.dtype,
        shape: type.shape.map(parseSize),
      };
    },
  };
  indexes.set(variant, index);
  return index;
}
