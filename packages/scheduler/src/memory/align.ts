/** Every place in a region starts at a multiple of this: the widest vector and a cache line. */
const ALIGNMENT = 64;

export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
