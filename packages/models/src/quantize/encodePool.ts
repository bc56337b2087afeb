import { Worker } from "node:worker_threads";
import { TensorplanError } from "@tensorplan/ir";
import { type EncodedRows, type EncodeJob, encodeRows } from "./encodeRows.ts";
import type { WorkerAnswer } from "./encodeWorker.ts";

/** Workers run what is built, whether this file runs from its source or not. */
const workerFile = new URL("../../dist/quantize/encodeWorker.js", import.meta.url);

interface Waiting {
  readonly job: EncodeJob;
  readonly resolve: (rows: EncodedRows) => void;
  readonly reject: (error: unknown) => void;
}

/** Encodes rows on threads of its own, each job on the next one that is idle; with one thread, here. */
export class EncodePool {
  readonly threads: number;
  readonly #idle: Worker[] = [];
  readonly #all: Worker[] = [];
  readonly #busy = new Map<Worker, Waiting>();
  readonly #queue: Waiting[] = [];

  constructor(threads: number) {
    this.threads = threads;
    if (threads < 2) return;
    for (let i = 0; i < threads; i++) {
      // Conditions of a test runner would send the built file to sources that Node can't read.
      const worker = new Worker(workerFile, { execArgv: [] });
      worker.on("message", (answer: WorkerAnswer) => this.#answered(worker, answer));
      worker.on("error", (error) => this.#finish(worker)?.reject(error));
      this.#all.push(worker);
      this.#idle.push(worker);
    }
  }

  run(job: EncodeJob): Promise<EncodedRows> {
    if (this.#all.length === 0) return encodeRows(job);
    const result = new Promise<EncodedRows>((resolve, reject) => this.#queue.push({ job, resolve, reject }));
    // A failure is told to who waits for this job; until then it isn't unhandled.
    result.catch(() => {});
    this.#next();
    return result;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.terminate()));
  }

  #next(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const worker = this.#idle.pop() as Worker;
      const waiting = this.#queue.shift() as Waiting;
      this.#busy.set(worker, waiting);
      worker.postMessage(waiting.job, []);
    }
  }

  #finish(worker: Worker): Waiting | undefined {
    const waiting = this.#busy.get(worker);
    this.#busy.delete(worker);
    return waiting;
  }

  #answered(worker: Worker, answer: WorkerAnswer): void {
    const waiting = this.#finish(worker);
    this.#idle.push(worker);
    if ("done" in answer) waiting?.resolve(answer.done);
    else waiting?.reject(new TensorplanError(answer.failed));
    this.#next();
  }
}
