import type { Device, Program, TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { type HostTensor, TensorplanError } from "@tensorplan/ir";
import type { CaseResult, ConformanceCase } from "./conformanceCase.ts";
import { type CaseLayout, layOut } from "./layOut.ts";
import { fillDevice } from "./runCase.ts";
import { withWeightFile } from "./weightFile.ts";

/** What an action raises, at once or later; `undefined` where it raises nothing. */
async function raised(action: () => unknown): Promise<unknown> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return error ?? new Error("raised nothing that says anything");
  }
}

const said = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : `a ${typeof error}`;

const result = (name: string, problem: string | undefined): CaseResult => ({
  name,
  passed: problem === undefined,
  relative: 0,
  ...(problem === undefined ? {} : { problem }),
});

async function rejects(
  name: string,
  signal: AbortSignal,
  action: () => Promise<unknown>,
): Promise<CaseResult> {
  const error = await raised(action);
  if (error === signal.reason) return result(name, undefined);
  return result(
    name,
    error === undefined
      ? "it went on although its signal was aborted"
      : `it raised ${said(error)}, not the signal's reason`,
  );
}

async function refuses(name: string, action: () => unknown): Promise<CaseResult> {
  const error = await raised(action);
  if (error instanceof TensorplanError) return result(name, undefined);
  return result(
    name,
    error === undefined ? "it was carried out" : `it raised ${said(error)}, which isn't a TensorplanError`,
  );
}

interface Prepared {
  readonly device: Device;
  readonly layout: CaseLayout;
  readonly program: Program;
  readonly symbols: readonly number[];
  readonly place: WeightPlace;
  readonly source: TensorSource;
}

async function checkAborted({ device, program, symbols, place, source }: Prepared) {
  const signal = AbortSignal.abort(new Error("enough"));
  return [
    await rejects("an aborted run rejects with the signal's reason", signal, () =>
      program.run(symbols, signal),
    ),
    await rejects("an aborted load rejects with the signal's reason", signal, () =>
      device.loadWeight(place, source, signal),
    ),
    result(
      "a device works after an aborted run",
      (await raised(() => program.run(symbols))) === undefined ? undefined : "the next run failed",
    ),
  ];
}

async function checkDisposed({ device, layout, program, symbols, place, source }: Prepared) {
  const again = await raised(() => {
    device.dispose();
    device.dispose();
  });
  const actions: Readonly<Record<string, () => unknown>> = {
    allocate: () => device.allocate("arena", 64),
    loadWeight: () => device.loadWeight(place, source),
    compile: () => device.compile(layout.program),
    write: () => device.write("arena", 0, new Uint8Array(4)),
    read: () => device.read("arena", 0, new Uint8Array(4)),
    counters: () => device.counters(),
    run: () => program.run(symbols),
  };
  const results = [
    result("dispose can be called twice", again === undefined ? undefined : `it raised ${said(again)}`),
  ];
  for (const [name, action] of Object.entries(actions))
    results.push(await refuses(`${name} raises a TensorplanError after dispose`, action));
  return results;
}

async function checkRanges({ device, layout }: Prepared) {
  const end = layout.regionBytes.arena;
  return [
    await refuses("a write past the end of a region raises a TensorplanError", () =>
      device.write("arena", end - 4, new Uint8Array(8)),
    ),
    await refuses("a read past the end of a region raises a TensorplanError", () =>
      device.read("arena", end - 4, new Uint8Array(8)),
    ),
    await refuses("a kernel that the device doesn't have raises a TensorplanError", () => {
      const nodes = layout.program.nodes.map((node) => ({ ...node, kernel: "there.is.no.such.kernel" }));
      device.compile({ ...layout.program, nodes });
    }),
  ];
}

function checkCounters({ device, layout }: Prepared): readonly CaseResult[] {
  const before = device.counters();
  device.write("arena", 0, new Uint8Array(128));
  device.read("arena", 0, new Uint8Array(32));
  const { regionBytes, bytesIn, bytesOut } = device.counters();
  const wrong = Object.entries(layout.regionBytes).find(
    ([region, bytes]) => regionBytes[region as keyof typeof regionBytes] !== bytes,
  );
  return [
    result(
      "counts the bytes of its regions",
      wrong === undefined
        ? undefined
        : `${wrong[0]} isn't counted as the ${wrong[1]} bytes that were asked for`,
    ),
    result(
      "counts the bytes that are copied in and out",
      bytesIn - before.bytesIn === 128 && bytesOut - before.bytesOut === 32
        ? undefined
        : `128 bytes in and 32 out were counted as ${bytesIn - before.bytesIn} and ${bytesOut - before.bytesOut}`,
    ),
  ];
}

/**
 * What every device must do beside computing: count its memory, refuse places outside it and kernels that it lacks, stop for an aborted
 * signal, and refuse everything once it was disposed of.
 *
 * @param device opened for this check alone: it is disposed of
 * @param each a case that loads a weight
 */
export async function checkContract(device: Device, each: ConformanceCase): Promise<readonly CaseResult[]> {
  const layout = layOut(each, device.profile);
  const weights = Object.fromEntries(
    each.graph.weights.map(({ id }) => [id, each.operands[id] as HostTensor]),
  );
  try {
    return await withWeightFile(weights, async (sources) => {
      await fillDevice(device, each, layout, sources);
      const place = layout.weights[0] as WeightPlace;
      const prepared: Prepared = {
        device,
        layout,
        program: device.compile(layout.program),
        symbols: layout.program.symbols.map((name) => each.bindings[name] ?? 0),
        place,
        source: sources[place.name] as TensorSource,
      };
      return [
        ...checkCounters(prepared),
        ...(await checkRanges(prepared)),
        ...(await checkAborted(prepared)),
        ...(await checkDisposed(prepared)),
      ];
    });
  } finally {
    device.dispose();
  }
}
