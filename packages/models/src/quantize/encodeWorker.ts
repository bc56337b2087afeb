import { parentPort } from "node:worker_threads";
import { TensorplanError } from "@tensorplan/ir";
import { type EncodedRows, type EncodeJob, encodeRows } from "./encodeRows.ts";

/** What a worker answers a job with: errors don't survive the way as what they are. */
export type WorkerAnswer =
  | { readonly done: EncodedRows }
  | {
      readonly failed: { readonly code: string; readonly message: string; readonly hint: string | undefined };
    };

parentPort?.on("message", (job: EncodeJob) => {
  void encodeRows(job).then(
    (done) => parentPort?.postMessage({ done } satisfies WorkerAnswer, [done.bytes.buffer]),
    (error: unknown) => {
      const { code, hint } =
        error instanceof TensorplanError ? error : { code: "gguf/unreadable", hint: undefined };
      const message = error instanceof Error ? error.message : String(error);
      parentPort?.postMessage({ failed: { code, message, hint } } satisfies WorkerAnswer, []);
    },
  );
});
