import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { spread } from "../../src/live/spread";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("asked often, it acts once, at its moment", () => {
  const act = vi.fn();
  const ask = spread(2000, act, () => 0.5);
  ask();
  vi.advanceTimersByTime(999);
  ask();
  expect(act).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(5000);
  expect(act).toHaveBeenCalledTimes(1);
});

test("what is asked after it acted is another matter", () => {
  const act = vi.fn();
  const ask = spread(2000, act, () => 0);
  ask();
  vi.advanceTimersByTime(0);
  ask();
  vi.advanceTimersByTime(0);
  expect(act).toHaveBeenCalledTimes(2);
});
