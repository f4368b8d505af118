import { expect, test } from "vitest";
import { backoffMs } from "../../src/live/backoff";

test("waits double up to a bound, and half of each is chance", () => {
  expect([0, 1, 2, 3].map((failures) => backoffMs(failures, 1))).toEqual([500, 1000, 2000, 4000]);
  expect(backoffMs(3, 0)).toBe(2000);
  expect(backoffMs(50, 1)).toBe(30_000);
});
