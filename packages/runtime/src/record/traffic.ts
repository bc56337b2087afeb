import { type Bindings, countOf, evaluateSize, rowBytes, rowsOf, type Size } from "@tensorplan/ir";
import type { CopyTask, Step, StepTask } from "../executor/executor.ts";

/** Copies of one value from one place to another: how many, and the bytes that the plan says and that were counted. */
export interface LedgerRow {
  readonly kind: "weights" | "input" | "transfer" | "output" | "page";
  /** Of a transfer: the variant whose steps make it. */
  readonly variant: string | null;
  readonly value: string;
  /** A device, `host` or `file`. */
  readonly from: string;
  readonly to: string;
  readonly copies: number;
  readonly planned: number;
  readonly measured: number;
}

/** A place whose bytes a step's sizes decide. */
export interface SizedPlace {
  readonly name: string;
  readonly device: string;
  readonly dtype: Parameters<typeof rowBytes>[0];
  readonly shape: readonly Size[];
}

interface Count {
  copies: number;
  planned: number;
  measured: number;
}

interface VariantTraffic {
  readonly variant: string;
  readonly step: Step;
  readonly copies: readonly { readonly index: number; readonly task: CopyTask; planned: number }[];
  /** Splits of each device, in the devices' order. */
  readonly runs: readonly number[];
  steps: number;
}

/** Bytes of a dense tensor, rows as in a file, under the step's sizes. */
function placeBytes({ dtype, shape }: Omit<SizedPlace, "name" | "device">, symbols: Bindings): number {
  const sizes = shape.map((size) => evaluateSize(size, symbols));
  return countOf(sizes) === 0 ? 0 : rowsOf(sizes) * rowBytes(dtype, sizes.at(-1) ?? 1);
}

/**
 * Books of everything that moves between file, host and devices: what the plan's formulas give for the steps that were run, beside what was
 * counted where bytes were copied.
 */
export class Traffic {
  readonly #devices: readonly string[];
  readonly #host = new Map<string, Count & Pick<LedgerRow, "kind" | "value" | "from" | "to">>();
  readonly #variants: VariantTraffic[] = [];
  #interrupted = 0;

  constructor(devices: readonly string[]) {
    this.#devices = devices;
  }

  /** Steps that failed or were cancelled: how far they came isn't known, so nothing can be compared after one. */
  get interrupted(): number {
    return this.#interrupted;
  }

  weights(device: string, planned: number, measured: number): void {
    this.#add("weights", "weights", "file", device, planned, measured);
  }

  input(place: SizedPlace, symbols: Bindings, measured: number): void {
    this.#add("input", place.name, "host", place.device, placeBytes(place, symbols), measured);
  }

  output(place: SizedPlace, symbols: Bindings, measured: number): void {
    this.#add("output", place.name, place.device, "host", placeBytes(place, symbols), measured);
  }

  /** A page of a cache that is read and written to another place of the same device. */
  page(state: string, device: string, planned: number, measured: number): void {
    this.#add("page", state, device, device, planned, measured);
  }

  /** A compiled variant: `ran` is to be called after each of its steps. */
  variant(
    id: string,
    step: Step,
    tasks: readonly StepTask[],
  ): { ran(symbols: Bindings): void; failed(): void } {
    const books: VariantTraffic = {
      variant: id,
      step,
      copies: tasks.flatMap((task, index) => (task.kind === "copy" ? [{ index, task, planned: 0 }] : [])),
      runs: this.#devices.map(
        (_, device) => tasks.filter((task) => task.kind === "run" && task.device === device).length,
      ),
      steps: 0,
    };
    this.#variants.push(books);
    return {
      ran: (symbols) => {
        books.steps++;
        for (const copy of books.copies) copy.planned += evaluateSize(copy.task.bytes, symbols);
      },
      failed: () => {
        this.#interrupted++;
      },
    };
  }

  /** Splits that each device should have run, in the devices' order. */
  plannedRuns(): readonly number[] {
    return this.#devices.map((_, device) =>
      this.#variants.reduce((sum, { runs, steps }) => sum + steps * (runs[device] ?? 0), 0),
    );
  }

  ledger(): readonly LedgerRow[] {
    const host = [...this.#host.values()].map((row): LedgerRow => ({ variant: null, ...row }));
    const transfers = this.#variants.flatMap(({ variant, step, copies }) => {
      const counts = new Map(step.ledger().map((count) => [count.task, count]));
      return copies.map(({ index, task, planned }): LedgerRow => {
        const counted = counts.get(index);
        return {
          kind: "transfer",
          variant,
          value: task.value,
          from: this.#devices[task.from.device] ?? "",
          to: this.#devices[task.to.device] ?? "",
          copies: counted?.count ?? 0,
          planned,
          measured: counted?.bytes ?? 0,
        };
      });
    });
    return [...host, ...transfers];
  }

  #add(
    kind: LedgerRow["kind"],
    value: string,
    from: string,
    to: string,
    planned: number,
    measured: number,
  ): void {
    const key = JSON.stringify([kind, value, from, to]);
    let row = this.#host.get(key);
    if (row === undefined) {
      row = { kind, value, from, to, copies: 0, planned: 0, measured: 0 };
      this.#host.set(key, row);
    }
    row.copies++;
    row.planned += planned;
    row.measured += measured;
  }
}
