import { expect, test } from "vitest";
import { listed, Positions, unlisted } from "../../src/api/positions";

test("an answer takes the place of what its command was sent with", () => {
  const positions = new Positions();
  positions.answered([], "a");
  positions.answered(["a"], "b");
  expect(positions.all).toEqual(["b"]);
});

test("commands side by side leave two, and the next one joins them", () => {
  const positions = new Positions(["a"]);
  positions.answered(["a"], "b");
  positions.answered(["a"], "c");
  expect(positions.all).toEqual(["b", "c"]);
  positions.answered(["b", "c"], "d");
  expect(positions.all).toEqual(["d"]);
});

test("a repeated answer is kept once, and the list has a bound", () => {
  const positions = new Positions();
  for (let number = 0; number < 40; number++) positions.answered([], `p${number % 20}`);
  expect(positions.all).toHaveLength(8);
  expect(positions.all.at(-1)).toBe("p19");
});

test("a header field holds each position once", () => {
  expect(listed(["a", "b"], "b, c")).toBe("a, b, c");
  expect(listed([])).toBe("");
  expect(unlisted(listed(["a", "b"]))).toEqual(["a", "b"]);
  expect(unlisted("")).toEqual([]);
});
