import { expect, test } from "vitest";
import { covers, POSTS_MAX, queryOf, widened, type Interest } from "../../src/live/interest";

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

test("a stream serves whatever is no more than it was opened for", () => {
  const open = interest({ posts: ["p", "q"] });
  expect(covers(open, interest({ posts: ["q"] }))).toBe(true);
  expect(covers(open, interest({ posts: ["q", "r"] }))).toBe(false);
  expect(covers(open, interest({ feed: "explore" }))).toBe(false);
  expect(covers(open, interest({ author: "a" }))).toBe(false);
});

test("what was seen before is asked for as long as there is room", () => {
  expect(widened(["b"], ["a", "b", "c"])).toEqual(["b", "c", "a"]);
  const many = Array.from({ length: 300 }, (_, index) => `p${index}`);
  expect(widened(["x"], many)).toHaveLength(POSTS_MAX);
  expect(widened(["x"], many)).toContain("p299");
  expect(widened(["x"], many)).toContain("x");
});
