import type { ViewDocument, ViewVariant } from "../../packages/viewer/src/document/viewDocument.ts";

/** A document of the size of `layers` times the nodes of one's layer: the layer is repeated with names and copies of its own. */
export function repeatLayer(view: ViewDocument, layer: number, layers: number): ViewDocument {
  const group = view.groups.find((each) => each.layer === layer);
  if (group === undefined) throw new Error(`the document has no layer ${layer}`);
  const { first, count } = group;
  const times = Array.from({ length: layers }, (_, n) => n);
  const rename = (text: string, n: number) => text.replaceAll(`blk.${layer}.`, `blk.${n}.`);
  const column = (values: readonly number[]) => times.flatMap(() => values.slice(first, first + count));
  const inLayer = (row: number) => row >= first && row < first + count;
  const variants = view.variants.map((variant): ViewVariant => {
    const copies = variant.transfers.filter(({ source, target }) => inLayer(source) && inLayer(target));
    return {
      ...variant,
      device: column(variant.device),
      kernel: column(variant.kernel),
      split: times.flatMap((n) =>
        variant.split.slice(first, first + count).map((split) => split + n * variant.splits.length),
      ),
      decision: column(variant.decision),
      eligibility: column(variant.eligibility),
      operands: times.flatMap((n) =>
        variant.operands.slice(first, first + count).map((list) => list.map((text) => rename(text, n))),
      ),
      outputs: times.flatMap(() => variant.outputs.slice(first, first + count)),
      splits: times.flatMap((n) => variant.splits.map(({ id, device }) => ({ id: `${id}.${n}`, device }))),
      transfers: times.flatMap((n) =>
        copies.map((copy) => ({
          ...copy,
          value: rename(copy.value, n),
          source: copy.source - first + n * count,
          target: copy.target - first + n * count,
          consumers: copy.consumers.map((id) => rename(id, n)),
        })),
      ),
      time: variant.time === null ? null : { ...variant.time, ns: column(variant.time.ns) },
    };
  });
  return {
    ...view,
    title: `${layers} layers`,
    weights: times.flatMap((n) =>
      view.weights
        .filter(({ name }) => name.startsWith(`blk.${layer}.`))
        .map((each) => ({ ...each, name: rename(each.name, n) })),
    ),
    rows: {
      id: times.flatMap((n) => view.rows.id.slice(first, first + count).map((id) => rename(id, n))),
      op: column(view.rows.op),
    },
    groups: times.map((n) => ({ name: `layer ${n}`, layer: n, first: n * count, count })),
    variants,
  };
}
