import type { Device, Program, TensorSource, WeightPlace } from "@tensorplan/backend-api";
import type { HostTensor } from "@tensorplan/ir";
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

/** Errors of plug-ins need not be of our class: a message and a code will do. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && error.message !== "";

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
  if (isRefusal(error)) return result(name, undefined);
  return result(
    name,
    error === undefined ? "it was carried out" : `it raised ${said(error)}, which isn't an error with a code`,
  );
}

interface Prepared {
  readonly device: Device;
  readonly layout: CaseLayout;
  readonly program: Program;
  readonly symbols: readonly number[];
  /** Absent where the device's kernels take no weights. */
  readonly weight: { readonly place: WeightPlace; readonly source: TensorSource } | undefined;
}

async function checkAborted({ device, program, symbols, weight }: Prepared) {
  const signal = AbortSignal.abort(new Error("enough"));
  return [
    await rejects("an aborted run rejects with the signal's reason", signal, () =>
      program.run(symbols, signal),
    ),
    ...(weight === undefined
      ? []
      : [
          await rejects("an aborted load rejects with the signal's reason", signal, () =>
            device.loadWeight(weight.place, weight.source, signal),
          ),
        ]),
    result(
      "a device works after an aborted run",
      (await raised(() => program.run(symbols))) === undefined ? undefined : "the next run failed",
    ),
  ];
}

async function checkDisposed({ device, layout, program, symbols, weight }: Prepared) {
  const again = await raised(() => {
    device.dispose();
    device.dispose();
  });
  const actions: Readonly<Record<string, () => unknown>> = {
    allocate: () => device.allocate("arena", 64),
    ...(weight === undefined ? {} : { loadWeight: () => device.loadWeight(weight.place, weight.source) }),
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
    results.push(await refuses(`${name} is refused with a code after dispose`, action));
  return results;
}

async function checkRanges({ device, layout }: Prepared) {
  const end = layout.regionBytes.arena;
  return [
    await refuses("a write past the end of a region is refused with a code", () =>
      device.write("arena", end - 4, new Uint8Array(8)),
    ),
    await refuses("a read past the end of a region is refused with a code", () =>
      device.read("arena", end - 4, new Uint8Array(8)),
    ),
    await refuses("a kernel that the device doesn't have is refused with a code", () => {
      const nodes = layout.program.nodes.map((node) => ({ ...node, kernel: "there.is.no.such.kernel" }));
      device.compile({ ...layout.program, nodes });
    }),
  ];
}

async function checkCounters({ device, layout, program, symbols, weight }: Prepared) {
  const start = device.counters();
  device.write("arena", 0, new Uint8Array(128));
  device.read("arena", 0, new Uint8Array(32));
  const { regionBytes, peakBytes, bytesIn, bytesOut } = device.counters();
  const wrong = Object.entries(layout.regionBytes).find(
    ([region, bytes]) => regionBytes[region as keyof typeof regionBytes] !== bytes,
  );
  const total = Object.values(layout.regionBytes).reduce((sum, bytes) => sum + bytes, 0);
  await program.run(symbols);
  if (weight !== undefined) await device.loadWeight(weight.place, weight.source);
  const end = device.counters();
  const counted = (what: string, got: number, wanted: number) =>
    got === wanted ? undefined : `${what} were counted as ${got}, not ${wanted}`;
  return [
    result(
      "counts the bytes of its regions",
      wrong === undefined
        ? counted("the bytes of all regions at their peak", peakBytes, total)
        : `${wrong[0]} isn't counted as the ${wrong[1]} bytes that were asked for`,
    ),
    result(
      "counts the bytes that are copied in and out",
      counted("bytes in", bytesIn - start.bytesIn, 128) ??
        counted("bytes out", bytesOut - start.bytesOut, 32),
    ),
    result(
      "counts the bytes of weights that are loaded, and the programs that ran",
      counted("bytes loaded", end.loadedBytes - start.loadedBytes, weight?.place.bytes ?? 0) ??
        counted("runs", end.runs - start.runs, 1),
    ),
  ];
}

/** Nodes of one long program, enough to be stopped on the way. */
const MANY_NODES = 4000;

/** A long run must stop soon after its signal is aborted, not only refuse to begin. */
async function checkCancelled({ device, layout, symbols }: Prepared): Promise<readonly CaseResult[]> {
  const name = "a running program stops soon after its signal is aborted";
  const [node] = layout.program.nodes;
  if (node === undefined) return [];
  const nodes = Array.from({ length: MANY_NODES }, (_, i) => ({
    ...node,
    id: `${node.id}.${i}` as typeof node.id,
  }));
  const program = device.compile({ ...layout.program, id: "a long program", nodes });
  const controller = new AbortController();
  let ended = false;
  const running = raised(() => program.run(symbols, controller.signal)).then((error) => {
    ended = true;
    return error;
  });
  await new Promise((resolve) => setTimeout(resolve, 2));
  // A device that is done by now has nothing to stop.
  if (ended) {
    program.dispose();
    return [result(name, undefined)];
  }
  controller.abort(new Error("enough"));
  const late = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), 5000).unref());
  const outcome = await Promise.race([running, late]);
  if (outcome !== "late") program.dispose();
  if (outcome === "late") return [result(name, "it went on for 5 s")];
  return [
    result(
      name,
      outcome === undefined || outcome === controller.signal.reason
        ? undefined
        : `it raised ${said(outcome)}, not the signal's reason`,
    ),
  ];
}

async function checkPrograms({ device, layout, symbols }: Prepared): Promise<readonly CaseResult[]> {
  const alone = "compile leaves alone the program that it is given";
  let frozen: Program;
  try {
    frozen = device.compile(freeze(layout.program));
  } catch (error) {
    return [result(alone, `compile changed the program that it was given: ${said(error)}`)];
  }
  frozen.dispose();
  return [
    result(alone, undefined),
    await refuses("a program that was disposed of is refused with a code", () => frozen.run(symbols)),
  ];
}

/** Frozen through and through, so that whoever changes it raises an error. */
function freeze<T>(value: T): T {
  const copy = structuredClone(value);
  const visit = (each: unknown): void => {
    if (typeof each !== "object" || each === null) return;
    Object.freeze(each);
    Object.values(each).forEach(visit);
  };
  visit(copy);
  return copy;
}

/**
 * What every device must do beside computing: count its memory, refuse places outside it and kernels that it lacks, stop for an aborted
 * signal, and refuse everything once it was disposed of.
 *
 * @param device opened for this check alone: it is disposed of
 * @param each a case, best one that loads a weight
 */
export async function checkContract(device: Device, each: ConformanceCase): Promise<readonly CaseResult[]> {
  const layout = layOut(each, device.profile);
  const weights = Object.fromEntries(
    each.graph.weights.map(({ id }) => [id, each.operands[id] as HostTensor]),
  );
  try {
    return await withWeightFile(weights, async (sources) => {
      await fillDevice(device, each, layout, sources);
      const place = layout.weights[0];
      const source = place && sources[place.name];
      const prepared: Prepared = {
        device,
        layout,
        program: device.compile(layout.program),
        symbols: layout.program.symbols.map((name) => each.bindings[name] ?? 0),
        weight: place === undefined || source === undefined ? undefined : { place, source },
      };
      return [
        ...(await checkCounters(prepared)),
        ...(await checkRanges(prepared)),
        ...(await checkAborted(prepared)),
        ...(await checkCancelled(prepared)),
        ...(await checkPrograms(prepared)),
        ...(await checkDisposed(prepared)),
      ];
    });
  } finally {
    device.dispose();
  }
}
