import { closeStreams, onBrokenPipe } from "./output/streams.ts";
import { runCli } from "./runCli.ts";

/** How long a cancelled command has to clean up. */
const GRACE_MS = 40;
const INTERRUPTED = 130;

const cancel = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // A second signal doesn't wait.
    if (cancel.signal.aborted) process.exit(INTERRUPTED);
    cancel.abort(new Error(`stopped by ${signal}`));
    setTimeout(() => process.exit(INTERRUPTED), GRACE_MS).unref();
  });
}
// Whoever read the output has seen enough (`tensorplan … | head`).
onBrokenPipe([process.stdout, process.stderr], () => process.exit(0));

const code = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: cancel.signal,
});
await closeStreams([process.stdout, process.stderr]);
// Worker threads of a native backend would keep the process alive.
process.exit(code);
