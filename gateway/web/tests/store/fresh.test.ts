import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import { Fresh } from "../../src/store/fresh";

test("what arrives is counted until it is shown or known by other means", () => {
  const known = signal<string[]>([]);
  const fresh = new Fresh((id) => known.value.includes(id));
  for (const id of ["a", "b", "a"]) fresh.add(id, "ana", `at-${id}`);
  expect(fresh.ids.value).toEqual(["a", "b"]);
  known.value = ["a"];
  expect(fresh.ids.value).toEqual(["b"]);
  fresh.remove("b");
  expect(fresh.ids.value).toEqual([]);
});

test("taking it asks for all positions that were told, each once, and empties it", () => {
  const fresh = new Fresh(() => false);
  fresh.add("a", "ana", "x");
  fresh.add("b", "ben", "x");
  fresh.add("c", "ben", "y");
  expect(fresh.take()).toBe("x, y");
  expect(fresh.ids.value).toEqual([]);
  for (let number = 0; number < 30; number++) fresh.add(`${number}`, "ana", `p${number}`);
  expect(fresh.take().split(", ")).toHaveLength(8);
});

test("what was looked up and not told has no position", () => {
  const fresh = new Fresh(() => false);
  fresh.add("a", "ana", "");
  expect(fresh.take()).toBe("");
});
