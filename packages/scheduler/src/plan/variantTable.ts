import type { KernelRow } from "@tensorplan/backend-api";
import type { Graph, OpSet } from "@tensorplan/ir";
import { assign, type Placement, placementError } from "../assign/assign.ts";
import type { Surroundings } from "../assign/candidate.ts";
import { nodeFacts } from "../assign/nodeFacts.ts";
import type { GraphView, NodeInfo } from "../graph/graphView.ts";
import { type LoweringChoice, lower } from "../lowering/lower.ts";
import { weightAccess } from "../residence/access.ts";
import type { Decision, RuleBook } from "../rules/ruleBook.ts";
import type { Facts } from "../rules/selector.ts";
import { type StreamedWeight, streamedWeights } from "../splits/streams.ts";
import type { Bounds } from "../variants/bounds.ts";
import type { Box } from "../variants/box.ts";

/** What the rules decide for the steps of one box, before anything is laid out. */
export interface VariantTable {
  readonly box: Box;
  readonly view: GraphView;
  readonly lowerings: readonly LoweringChoice[];
  /** By node; views have none. */
  readonly placements: readonly (Placement | undefined)[];
  readonly kernels: readonly (KernelRow | undefined)[];
  /** Weights that are copied to a node's device in each step, by node. */
  readonly streams: readonly (readonly StreamedWeight[])[];
  /** What rules were asked about: nodes, and composites before they were lowered. */
  readonly nodeFacts: readonly Facts[];
  readonly compositeFacts: readonly Facts[];
  readonly compositePlaces: ReadonlyMap<string, Decision>;
  /** Equal for boxes whose steps run alike. */
  readonly key: string;
}

export interface TableInput extends Omit<Surroundings, "bounds" | "boundsKey" | "access"> {
  readonly graph: Graph;
  readonly ops: OpSet;
  readonly book: RuleBook;
}

/** Which rule would allow each node's copies, where there are several. */
const copyRules = ({ family }: RuleBook, facts: readonly Facts[], box: Box): readonly string[] =>
  family.transfer.length < 2
    ? []
    : facts.map(
        (each) => family.transfer.find(({ matches }) => matches(each, box) === undefined)?.rule.name ?? "",
      );

const noStreams: readonly StreamedWeight[] = [];

/** Chooses lowerings and devices for one box. @throws TensorplanError when a node can't be placed or lowered */
export function decideTable(input: TableInput, box: Box, bounds: Bounds, boundsKey: string): VariantTable {
  const { book, homes, devices } = input;
  const access = weightAccess(book, homes, devices, box);
  const around: Surroundings = { ...input, access, bounds, boundsKey };
  const { view, choices, ancestors, compositeFacts, compositePlaces } = lower({ ...input, ...around, box });
  const facts = nodeFacts(view, ancestors);
  const placements = assign(
    {
      ...around,
      view,
      facts,
      rules: book.family.assign,
      box,
      needsKernel: () => true,
    },
    (info, rule, obstacles, why) => {
      throw placementError(info, facts[info.index] as Facts, rule, obstacles, why, around);
    },
  );
  const kernelOf = (info: NodeInfo): KernelRow | undefined => {
    const placement = placements[info.index];
    return placement && input.verdicts.judge(info, placement.device, bounds, boundsKey).kernel;
  };
  const kernels = view.nodes.map(kernelOf);
  const streams = view.nodes.map((info) => {
    const placement = placements[info.index];
    if (placement === undefined || !access.anyStream) return noStreams;
    return streamedWeights(info, facts[info.index] as Facts, placement.device, kernels[info.index], access);
  });
  const lines = view.nodes.map(({ node, index }) => {
    const placement = placements[index];
    const where =
      placement === undefined ? "" : `${placement.device} ${kernels[index]?.name} ${placement.decision.rule}`;
    const brought = (streams[index] ?? []).map(
      ({ weight, layout, rule }) => ` ${weight.id} ${layout} ${rule}`,
    );
    return `${node.id} ${node.op} ${where}${brought.join("")}`;
  });
  const how = choices.map(({ node, lowering, decision }) => `${node} ${lowering} ${decision.rule}`);
  return {
    box,
    view,
    lowerings: choices,
    placements,
    kernels,
    streams,
    nodeFacts: facts,
    compositeFacts,
    compositePlaces,
    key: [...lines, ...how, ...copyRules(input.book, facts, box)].join("\n"),
  };
}
