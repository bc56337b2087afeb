import { expect, test } from "vitest";
import { PagePool } from "./pagePool.ts";

test("hands out the lowest free page", () => {
  const pool = new PagePool(3);
  expect([pool.take(), pool.take(), pool.take()]).toEqual([0, 1, 2]);
  pool.release(1);
  expect(pool.take()).toBe(1);
});

test("keeps a shared page until its last owner lets go", () => {
  const pool = new PagePool(1);
  const page = pool.take();
  pool.share(page);
  pool.release(page);
  expect(pool.free).toBe(0);
  pool.release(page);
  expect(pool.free).toBe(1);
});

test("says that the cache is full", () => {
  const pool = new PagePool(1);
  pool.take();
  expect(() => pool.take()).toThrow(expect.objectContaining({ code: "engine/cache-full" }));
});

test("refuses to release a page twice", () => {
  const pool = new PagePool(1);
  pool.release(pool.take());
  expect(() => pool.release(0)).toThrow(RangeError);
});
