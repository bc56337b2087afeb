import type { ViewVariant } from "../document/viewDocument.ts";
import { deviceColour } from "./format.ts";
import type { Outline } from "./outline.ts";
import { SpanIndex } from "./spanIndex.ts";

export const ROW_HEIGHT = 26;
const LANE = 18;
const MARGIN = 12;

export const lanesWidth = (devices: number): number => 2 * MARGIN + Math.max(1, devices - 1) * LANE;
export const laneX = (device: number): number => MARGIN + device * LANE;

/** Copies that are drawn as one line: from a lane at a position to a lane at a position. */
interface Edge {
  readonly from: number;
  readonly fromLane: number;
  readonly to: number;
  readonly toLane: number;
  readonly count: number;
  readonly bytes: number;
}

interface Line {
  readonly lane: number;
  readonly first: number;
  readonly last: number;
}

/** The lines of one variant as the outline stands: a line for each split down its device's lane, an edge for each copy. */
export interface Lanes {
  readonly edges: SpanIndex<Edge>;
  readonly lines: SpanIndex<Line>;
}

export function layOutLanes(variant: ViewVariant, { positions }: Outline): Lanes {
  const firsts = new Map<number, { lane: number; first: number; last: number }>();
  variant.split.forEach((split, row) => {
    if (split < 0) return;
    const position = positions[row] as number;
    const line = firsts.get(split);
    if (line === undefined) {
      firsts.set(split, { lane: variant.splits[split]?.device ?? 0, first: position, last: position });
    } else {
      line.first = Math.min(line.first, position);
      line.last = Math.max(line.last, position);
    }
  });
  const edges = new Map<string, { -readonly [K in keyof Edge]: Edge[K] }>();
  for (const { source, target, from, to, bytes } of variant.transfers) {
    if (target < 0) continue;
    const end = positions[target] as number;
    const start = source < 0 ? end : (positions[source] as number);
    const key = `${start} ${from} ${end} ${to}`;
    const edge = edges.get(key);
    if (edge === undefined)
      edges.set(key, { from: start, fromLane: from, to: end, toLane: to, count: 1, bytes });
    else {
      edge.count++;
      edge.bytes += bytes;
    }
  }
  return {
    edges: new SpanIndex<Edge>([...edges.values()], ({ from, to }) => [
      Math.min(from, to),
      Math.max(from, to),
    ]),
    lines: new SpanIndex<Line>([...firsts.values()], (line) => [line.first, line.last]),
  };
}

const centre = (position: number): number => position * ROW_HEIGHT + ROW_HEIGHT / 2;

/** A point far outside the window is brought near it, where its line still leaves in the same direction. */
const near = (y: number, height: number): number =>
  Math.max(-4 * ROW_HEIGHT, Math.min(height + 4 * ROW_HEIGHT, y));

function edgePath({ from, fromLane, to, toLane }: Edge, top: number, height: number): string {
  const [x0, x1] = [laneX(fromLane), laneX(toLane)];
  if (from === to) {
    const y = centre(from) - top;
    const bow = 7;
    return `M${x0} ${y}Q${(x0 + x1) / 2} ${y + bow} ${x1} ${y}`;
  }
  const y0 = near(centre(from) - top, height);
  const y1 = near(centre(to) - top, height);
  const turn = Math.min(Math.abs(y1 - y0), ROW_HEIGHT * 1.6) * (y1 > y0 ? 1 : -1);
  // Down the sender's lane, then across in the last row.
  return `M${x0} ${y0}L${x0} ${y1 - turn}C${x0} ${y1 - turn / 3} ${x1} ${y1 - turn / 1.5} ${x1} ${y1}`;
}

const width = (bytes: number): number =>
  Math.min(4, 1.2 + Math.max(0, Math.log10(Math.max(1, bytes)) - 3) * 0.45);

/** SVG of what crosses the window of positions `[first, last)`, its top at the first position. */
export function drawLanes({ edges, lines }: Lanes, first: number, last: number): string {
  const top = first * ROW_HEIGHT;
  const height = (last - first) * ROW_HEIGHT;
  const parts: string[] = [];
  for (const { lane, first: start, last: end } of lines.within(first, last)) {
    const y0 = near(centre(start) - top, height);
    const y1 = near(centre(end) - top, height);
    parts.push(
      `<path d="M${laneX(lane)} ${y0 - 3}V${y1 + 3}" stroke="${deviceColour(lane)}" class="split"/>`,
    );
  }
  for (const edge of edges.within(first, last)) {
    const path = edgePath(edge, top, height);
    parts.push(
      `<path d="${path}" class="halo"/><path d="${path}" stroke="${deviceColour(edge.fromLane)}" stroke-width="${width(edge.bytes).toFixed(1)}" class="copy" marker-end="url(#arrow)"/>`,
    );
  }
  return parts.join("");
}
