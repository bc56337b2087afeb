import type { NativeAddon, NativeCanceller, NativeOutcome } from "../native/addon.ts";

/** Runs native work that `signal` can end; throws the signal's reason when it did. */
export async function cancellable(
  addon: NativeAddon,
  signal: AbortSignal | undefined,
  work: (canceller?: NativeCanceller) => Promise<NativeOutcome>,
): Promise<NativeOutcome> {
  if (signal === undefined) return work();
  signal.throwIfAborted();
  const canceller = new addon.Canceller();
  const cancel = () => canceller.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const outcome = await work(canceller);
    if (outcome === "cancelled") signal.throwIfAborted();
    return outcome;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
