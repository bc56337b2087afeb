import { expect, it } from "vitest";
import { readCounts } from "./ctest.mjs";

it("reads ctest's counts, and tells skipped tests from passed ones", () => {
  const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="Linux-c++"
	tests="7"
	failures="2"
	disabled="1"
	skipped="1"
	hostname=""
	time="0"
>`;
  expect(readCounts(report)).toEqual({ passed: 3, failed: 2, skipped: 2 });
});

it("takes a report without a test suite for none", () => {
  expect(readCounts("")).toBeUndefined();
});
