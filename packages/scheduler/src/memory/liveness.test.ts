import { add, axis, coreOps, GraphBuilder, scale, type Tensor } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { viewGraph } from "../graph/graphView.ts";
import { schedule } from "../splits/schedule.ts";
import { findMoves } from "../splits/transfers.ts";
import { limits } from "../testing/fixtures.ts";
import { liveness } from "./liveness.ts";

const tokens = axis("tokens", "tokens");
type Row = Tensor<readonly [typeof tokens], "f32">;

/** Pieces of both devices for splits written down by hand; a split's start takes a position of its own. */
function livesOf(build: (x: Row) => Row, groups: readonly { device: number; nodes: readonly number[] }[]) {
  const builder = new GraphBuilder("hand", limits);
  builder.output("out", build(builder.input("x", [tokens], "f32")));
  const view = viewGraph(builder.finish(), coreOps);
  const devices = view.nodes.map((_, node) => groups.find(({ nodes }) => nodes.includes(node))?.device ?? -1);
  const plan = schedule(groups, findMoves(view, devices), 2);
  const pieces = liveness({
    view,
    schedule: plan,
    devices,
    deviceCount: 2,
    max: limits,
    streamed: () => 0,
    workspace: (node) => (node === 0 ? 100 : 0),
  });
  return pieces.map(({ values, workspaces }) => ({
    values: Object.fromEntries(values.map(({ id, first, last }) => [id, [first, last]])),
    workspaces,
  }));
}

const end = Number.MAX_SAFE_INTEGER;

test("a copy may arrive while its target still does work that it doesn't wait for", () => {
  // Device 1: a, then (after c) d. Device 0: b alone, needing nothing of device 1.
  const build = (x: Row) => {
    const a = scale("a", x, 2);
    const b = scale("b", x, 3);
    return add("d", a, b);
  };
  const [, one] = livesOf(build, [
    { device: 1, nodes: [0] },
    { device: 0, nodes: [1] },
    { device: 1, nodes: [2] },
  ]);
  // Positions on device 1: 0 start, 1 a, 2 start, 3 d. `b` may arrive from position 0 on.
  expect(one?.values).toEqual({ a: [1, 3], b: [0, 3], d: [3, end] });
});

test("a copy whose source waits for the target's work can't arrive earlier", () => {
  const build = (x: Row) => {
    const a = scale("a", x, 2);
    const b = scale("b", a, 3);
    return scale("c", b, 4);
  };
  const [zero, one] = livesOf(build, [
    { device: 1, nodes: [0] },
    { device: 0, nodes: [1] },
    { device: 1, nodes: [2] },
  ]);
  // `a` is read by the copy to device 0, which is done once device 1's second split starts, at position 2.
  expect(one?.values).toEqual({ a: [1, 2], b: [2, 3], c: [3, end] });
  // Nothing on device 0 runs after device 1's second split, so the copy of `b` may read at any time.
  expect(zero?.values).toEqual({ a: [0, 1], b: [1, end] });
});

test("a work area lives while its node runs", () => {
  const [zero] = livesOf((x) => scale("a", x, 2), [{ device: 0, nodes: [0] }]);
  expect(zero?.workspaces).toEqual([{ id: "a", bytes: 100, first: 1, last: 1 }]);
});
