/** Nanoseconds of the clock that never goes back: the native executor's own. */
export const nowNs = (): number => Number(process.hrtime.bigint());
