import { expect, test } from "vitest";
import { ago } from "../../src/text/ago";

const NOW = new Date(2026, 5, 15, 12, 0, 0);
const before = (seconds: number) => ago(new Date(NOW.getTime() - seconds * 1000), NOW);

test("the past is told in its largest whole unit", () => {
  expect(before(59)).toBe("now");
  expect(before(60)).toBe("1 min");
  expect(before(3599)).toBe("59 min");
  expect(before(3600)).toBe("1 h");
  expect(before(86_399)).toBe("23 h");
  expect(before(6 * 86_400)).toBe("6 d");
});

test("beyond a week it is a day, with its year when that is another", () => {
  expect(before(8 * 86_400)).not.toContain("2026");
  expect(before(400 * 86_400)).toContain("2025");
});

test("a clock that is ahead says now", () => {
  expect(before(-3600)).toBe("now");
});
