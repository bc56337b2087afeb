import { expect, test } from "vitest";
import { PagePool } from "./pagePool.ts";
import { Sequence } from "./sequence.ts";

const start = (pages = 8, context = 512) => {
  const pool = new PagePool(pages);
  const copies: [number, number][] = [];
  const sequence = new Sequence(pool, context, (from, to) => copies.push([from, to]));
  const grow = (s: Sequence, count: number) => {
    s.reserve(count);
    s.commit(Array.from({ length: count }, (_, i) => s.length + i));
  };
  return { pool, copies, sequence, grow };
};

test("takes a page for every 64 tokens", () => {
  const { sequence, grow } = start();
  grow(sequence, 64);
  expect(sequence.pages).toEqual([0]);
  grow(sequence, 1);
  expect(sequence.pages).toEqual([0, 1]);
  expect(sequence.slot(64)).toBe(64);
});

test("a fork shares full pages and copies the partly filled one", () => {
  const { pool, copies, sequence, grow } = start();
  grow(sequence, 70);
  const fork = sequence.fork();
  expect(fork.tokens).toEqual(sequence.tokens);
  expect(fork.pages).toEqual([0, 2]);
  expect(copies).toEqual([[1, 2]]);
  expect(pool.ownersOf(0)).toBe(2);
});

test("truncating inside a shared page gives the sequence its own copy", () => {
  const { pool, copies, sequence, grow } = start();
  grow(sequence, 128);
  const fork = sequence.fork();
  fork.truncate(100);
  expect(copies).toEqual([[1, 2]]);
  expect(fork.pages).toEqual([0, 2]);
  expect(sequence.pages).toEqual([0, 1]);
  expect(pool.ownersOf(1)).toBe(1);
});

test("disposing gives all pages back, once", () => {
  const { pool, sequence, grow } = start();
  grow(sequence, 130);
  const fork = sequence.fork();
  sequence.dispose();
  sequence.dispose();
  fork.dispose();
  expect(pool.free).toBe(8);
});

test("refuses more tokens than the context holds", () => {
  const { sequence, grow } = start(8, 100);
  grow(sequence, 100);
  expect(() => sequence.reserve(1)).toThrow(expect.objectContaining({ code: "engine/context-full" }));
});

test("a fork that finds no page leaves the pool as it was", () => {
  const { pool, sequence, grow } = start(2);
  grow(sequence, 100);
  expect(() => sequence.fork()).toThrow(expect.objectContaining({ code: "engine/cache-full" }));
  expect(pool.ownersOf(0)).toBe(1);
  expect(pool.free).toBe(0);
});

test("refuses use after dispose", () => {
  const { sequence } = start();
  sequence.dispose();
  expect(() => sequence.reserve(1)).toThrow(expect.objectContaining({ code: "engine/sequence-disposed" }));
});
