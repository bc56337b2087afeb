import type { DeviceId, Link } from "@tensorplan/backend-api";

/** A way over one or more links, copied whole from device to device. */
interface Route {
  readonly kind: Link["kind"];
  /** Time of one byte, seconds: the sum over the links. */
  readonly perByte: number;
  readonly latencyNs: number;
  /** Bytes each second of the slowest link, whose kind the route takes. */
  readonly slowest: number;
}

const joined = (a: Route, b: Route): Route => ({
  kind: a.slowest <= b.slowest ? a.kind : b.kind,
  perByte: a.perByte + b.perByte,
  latencyNs: a.latencyNs + b.latencyNs,
  slowest: Math.min(a.slowest, b.slowest),
});

const faster = (a: Route, b: Route | undefined): boolean =>
  b === undefined || a.perByte < b.perByte || (a.perByte === b.perByte && a.latencyNs < b.latencyNs);

/**
 * Links for all pairs of devices: the stated ones, and for pairs without one the fastest way over others (Floyd and Warshall's algorithm).
 */
export function withRoutes(devices: readonly DeviceId[], links: readonly Link[]): readonly Link[] {
  const routes = devices.map(() => new Map<number, Route>());
  const at = new Map(devices.map((id, index) => [id, index]));
  const set = (a: number, b: number, route: Route) => {
    routes[a]?.set(b, route);
    routes[b]?.set(a, route);
  };
  const stated = new Set<string>();
  for (const { between, bandwidth, latencyNs, kind } of links) {
    const [a = 0, b = 0] = between.map((id) => at.get(id) ?? 0);
    const route = { kind, perByte: 1 / bandwidth, latencyNs, slowest: bandwidth };
    if (faster(route, routes[a]?.get(b))) set(a, b, route);
    stated.add(`${a} ${b}`).add(`${b} ${a}`);
  }
  for (const [middle] of devices.entries()) {
    for (const [a] of devices.entries()) {
      for (let b = a + 1; b < devices.length; b++) {
        const [first, second] = [routes[a]?.get(middle), routes[middle]?.get(b)];
        if (stated.has(`${a} ${b}`) || first === undefined || second === undefined) continue;
        const route = joined(first, second);
        if (faster(route, routes[a]?.get(b))) set(a, b, route);
      }
    }
  }
  const derived = devices.flatMap((from, a) =>
    devices.slice(a + 1).flatMap((to, offset): Link[] => {
      const route = stated.has(`${a} ${a + 1 + offset}`) ? undefined : routes[a]?.get(a + 1 + offset);
      if (route === undefined) return [];
      const { kind, perByte, latencyNs } = route;
      const speed = { bandwidth: Math.round(1 / perByte), latencyNs };
      return [{ between: [from, to], ...(kind === undefined ? {} : { kind }), ...speed }];
    }),
  );
  return [...links, ...derived];
}
