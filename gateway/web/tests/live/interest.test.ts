import { expect, test } from "vitest";
import { POSTS_MAX, queryOf, subjectsOf, widened, type Interest } from "../../src/live/interest";

const interest = (changed: Partial<Interest>): Interest => ({
  feed: "home",
  author: "",
  posts: [],
  ...changed,
});

test("the query names what is shown", () => {
  expect(queryOf(interest({ author: "a", posts: ["p", "q"] }))).toBe(
    "feed=home&author=a&post=p&post=q",
  );
  expect(queryOf(interest({ feed: "explore" }))).toBe("feed=explore");
});

test("what it asks for is told apart by kind", () => {
  expect(subjectsOf(interest({ author: "a", posts: ["p"] }))).toEqual([
    "feed:home",
    "author:a",
    "post:p",
  ]);
});

test("what is on the screen comes first, and the rest as far as there is room", () => {
  expect(widened(["b"], ["c", "b"], ["a", "b", "d"])).toEqual(["b", "c", "d", "a"]);
  const many = Array.from({ length: 300 }, (_, index) => `p${index}`);
  const asked = widened(["x"], many, many);
  expect(asked).toHaveLength(POSTS_MAX);
  expect(asked[0]).toBe("x");
});
