import { describe, expect, test } from "vitest";
import { finiteNumber, numberPair, wholeNumber, wholeNumbers } from "./numbers.ts";

describe("whole numbers", () => {
  test.each(["1", "7", " 3 "])("takes %j", (text) => {
    expect(wholeNumber(1, 7)(text)).toBe(Number(text));
  });

  test.each(["", "0", "8", "1.5", "1e3", "0x1", "one", "9007199254740993", "--"])("refuses %j", (text) => {
    expect(() => wholeNumber(1, 7)(text)).toThrow("from 1 to 7");
  });

  test("lists and pairs check each part", () => {
    expect(wholeNumbers(0)("1,22,0")).toEqual([1, 22, 0]);
    expect(() => wholeNumbers(0)("1,,2")).toThrow("0 or more");
    expect(numberPair("4096,64")).toEqual([4096, 64]);
    expect(() => numberPair("4096")).toThrow("Give two");
    expect(() => numberPair("1,2,3")).toThrow("Give two");
  });
});

describe("any number", () => {
  test("takes what is finite, and nothing else", () => {
    expect(finiteNumber("-0.7")).toBe(-0.7);
    for (const text of ["", " ", "x", "inf", "NaN", "1e999"])
      expect(() => finiteNumber(text)).toThrow("Give a number");
  });
});
