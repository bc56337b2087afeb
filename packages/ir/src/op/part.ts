import { z } from "zod";
import type { Axis, ConcatAxis } from "../axis/axis.ts";
import { fail } from "../graph/builder.ts";
import { constantSize, expectSize } from "./check.ts";
import type { InferContext } from "./op.ts";

/** A run of positions of an axis that is itself a named axis: what attributes say where models name a part of a `ConcatAxis`. */
export const partSchema = z.strictObject({
  name: z.string().min(1),
  start: z.int().nonnegative(),
  size: z.int().positive(),
});
export type Part = z.infer<typeof partSchema>;

const isConcat = (axis: Axis): axis is ConcatAxis => "parts" in axis;

/** Where `part` lies in `whole`. */
export function locatePart(whole: Axis, part: Axis): Part {
  const parts = isConcat(whole) ? whole.parts : [];
  const index = parts.findIndex(({ name }) => name === part.name);
  if (index < 0) {
    fail("part/unknown", `the axis '${whole.name}' has no part '${part.name}'`, {
      parts: parts.map(({ name }) => name),
    });
  }
  const start = parts.slice(0, index).reduce((sum, before) => sum + constantSize(before), 0);
  return { name: part.name, start, size: constantSize(part) };
}

/** Checks that `part` lies within `whole` and that the axis of its name has its size; returns that axis. */
export function checkPart(whole: Axis, part: Part, context: Pick<InferContext<unknown>, "axis">): Axis {
  const total = constantSize(whole);
  if (part.start + part.size > total) {
    fail(
      "part/outside",
      `the part '${part.name}' covers positions ${part.start} to ${part.start + part.size - 1} of axis '${whole.name}', which has ${total}`,
      { part: part.name, axis: whole.name },
    );
  }
  const axis = context.axis(part.name);
  expectSize("part/size", `the part '${part.name}' has ${part.size} positions; its`, axis, part.size);
  return axis;
}
