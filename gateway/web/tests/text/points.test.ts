import { expect, test } from "vitest";
import { isVisible, pointsIn } from "../../src/text/points";

test("lengths count code points of the composed form", () => {
  expect(pointsIn("")).toBe(0);
  expect(pointsIn("e\u0301")).toBe(1);
  expect(pointsIn("🎉".repeat(5000))).toBe(5000);
  expect(pointsIn("👩‍👩‍👧")).toBe(5);
});

test("a text must contain something visible", () => {
  for (const blank of ["", " \n\t", "\u200b\u2060", "\u3164", "\u2800", "\u0301"]) {
    expect(isVisible(blank)).toBe(false);
  }
  for (const seen of ["a", ".", "🎉", " ب "]) expect(isVisible(seen)).toBe(true);
});
