import { axis, type RandomNumbers } from "@tensorplan/ir";
import { between, type OpSketches, parameter, type Sketch, tokens, values } from "./sketch.ts";

function route(
  random: RandomNumbers,
  options: { readonly gating: "softmax" | "sigmoid"; readonly groups: boolean; readonly bias: boolean },
): Sketch {
  const count = options.groups ? 4 : 1;
  const experts = axis("experts", count * between(random, 2, 9));
  const used = axis("used", between(random, 1, options.groups ? 4 : 2));
  const groups = { count, used: 2, score: random.pick(["max", "top2"]) };
  return {
    operands: {
      logits: values(tokens, experts),
      ...(options.bias ? { bias: parameter(experts) } : {}),
    },
    attrs: {
      gating: options.gating,
      used: Number(used.size[0]?.coefficient),
      usedAxis: "used",
      normalise: random.below(2) === 0,
      scale: 2.5,
      ...(options.groups ? { groups } : {}),
    },
    mentioned: [used],
    symbols: { tokens: between(random, 1, 7) },
  };
}

export const routingSketches = {
  route_experts: [
    (random) => route(random, { gating: "softmax", groups: false, bias: false }),
    (random) => route(random, { gating: "sigmoid", groups: true, bias: true }),
    (random) => route(random, { gating: "softmax", groups: true, bias: false }),
    (random) => route(random, { gating: "sigmoid", groups: false, bias: true }),
  ],
} satisfies Readonly<Record<string, OpSketches>>;
