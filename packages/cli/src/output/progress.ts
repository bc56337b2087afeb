import type { CliStream } from "../cliContext.ts";

export interface Progress {
  update(done: number, total: number): void;
  stop(): void;
}

const silent: Progress = { update() {}, stop() {} };

/** A bar on a terminal; nothing where the output is read by a machine. */
export async function progressBar(stream: CliStream, title: string): Promise<Progress> {
  if (stream.isTTY !== true) return silent;
  const { default: cliProgress } = await import("cli-progress");
  const bar = new cliProgress.SingleBar(
    {
      format: `${title} {bar} {percentage}% · {eta_formatted} left`,
      stream,
      clearOnComplete: true,
      hideCursor: false,
      gracefulExit: false,
      barsize: 30,
      etaBuffer: 50,
    },
    cliProgress.Presets.rect,
  );
  let started = false;
  return {
    update(done, total) {
      if (!started) bar.start(total, done);
      else {
        bar.setTotal(total);
        bar.update(done);
      }
      started = true;
    },
    stop() {
      if (started) bar.stop();
      started = false;
    },
  };
}
