import { deviceId, type Link } from "@tensorplan/backend-api";
import { expect, test } from "vitest";
import { withRoutes } from "./routes.ts";

const [cpu, far, card, other] = ["cpu:0", "cpu:1", "cuda:0", "cuda:1"].map(deviceId) as [
  Link["between"][0],
  Link["between"][0],
  Link["between"][0],
  Link["between"][0],
];
const all = [cpu, far, card, other];
const network: Link = { between: [cpu, far], kind: "network", bandwidth: 1e9, latencyNs: 20_000 };
const slot: Link = { between: [cpu, card], kind: "pcie", bandwidth: 2e9, latencyNs: 8000 };
const farSlot: Link = { between: [far, other], kind: "pcie", bandwidth: 2e9, latencyNs: 8000 };

test("a way over other links takes the time of all of them", () => {
  const links = withRoutes(all, [network, slot, farSlot]);
  expect(links.slice(0, 3)).toEqual([network, slot, farSlot]);
  expect(links.slice(3)).toEqual([
    { between: [cpu, other], kind: "network", bandwidth: 666_666_667, latencyNs: 28_000 },
    { between: [far, card], kind: "network", bandwidth: 666_666_667, latencyNs: 28_000 },
    { between: [card, other], kind: "network", bandwidth: 500_000_000, latencyNs: 36_000 },
  ]);
});

test("of several ways the fastest is taken, and a stated link always", () => {
  const fast: Link = { between: [card, far], kind: "nvlink", bandwidth: 8e9, latencyNs: 1000 };
  const links = withRoutes([cpu, far, card], [slot, fast]);
  expect(links.at(-1)).toEqual({
    between: [cpu, far],
    kind: "pcie",
    bandwidth: 1_600_000_000,
    latencyNs: 9000,
  });
  expect(withRoutes([cpu, far, card], [slot, fast, network])).toEqual([slot, fast, network]);
});
