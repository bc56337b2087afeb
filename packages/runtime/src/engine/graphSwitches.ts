import { TensorplanError } from "@tensorplan/ir";
import type { GraphSwitch, Model } from "@tensorplan/models";
import type { PlanModelOptions } from "./options.ts";

interface Asked {
  readonly flag: string;
  readonly switched: GraphSwitch;
  /** Why a model has no use for it. */
  readonly otherwise: string;
}

const asked = ({ lowering, expertGroups }: PlanModelOptions): readonly Asked[] => [
  ...(lowering?.mla === "0"
    ? [
        {
          flag: "-mla 0",
          switched: "plain-attention" as const,
          otherwise: "the model has no latent attention",
        },
      ]
    : []),
  ...(expertGroups === false
    ? [
        {
          flag: "--no-expert-groups",
          switched: "ungrouped-experts" as const,
          otherwise: "the model chooses among all experts anyway",
        },
      ]
    : []),
];

/** How the options want a model's graph written. @throws TensorplanError `flags/no-effect` for a switch that wouldn't change it */
export function graphSwitches(
  { architecture, switches = [] }: Model,
  options: PlanModelOptions,
): ReadonlySet<GraphSwitch> {
  const wanted = asked(options);
  const stray = wanted.find(({ switched }) => !switches.includes(switched));
  if (stray === undefined) return new Set(wanted.map(({ switched }) => switched));
  throw new TensorplanError({
    code: "flags/no-effect",
    message: `${stray.flag} has no effect on this ${architecture} model: ${stray.otherwise}`,
    hint: "leave it out",
  });
}
