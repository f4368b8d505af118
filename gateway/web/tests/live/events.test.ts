import { expect, test } from "vitest";
import { asEvent } from "../../src/live/events";

const event = (name: string, data: unknown) => asEvent(name, JSON.stringify(data));

test("each event is understood by its name", () => {
  expect(asEvent("hello", "{}")).toEqual({ kind: "hello" });
  expect(event("post", { postId: "p", authorId: "a", position: "x" })).toEqual({
    kind: "post",
    postId: "p",
    authorId: "a",
    position: "x",
  });
  expect(event("counts", { postId: "p", comments: "3", reactions: "12" })).toEqual({
    kind: "counts",
    postId: "p",
    comments: 3,
    reactions: 12,
  });
  expect(event("edited", { postId: "p", position: "x" })).toEqual({ kind: "edited", postId: "p" });
  expect(event("closed", { reason: "TOKEN_EXPIRED" })).toEqual({
    kind: "closed",
    reason: "TOKEN_EXPIRED",
  });
});

test("a notice names who did what", () => {
  const person = { accountId: "a", handle: "ana", firstName: "Ana", lastName: "Lima" };
  const told = { kind: "comment.replied", person, postId: "p", commentId: "c", at: "2026-01-02" };
  expect(event("notification", told)).toMatchObject({ kind: "notification", notice: told });
});

test("what a later version tells, and what is broken, is passed over", () => {
  expect(event("typing", {})).toBeNull();
  expect(event("post", {})).toBeNull();
  expect(event("comment", { postId: "p" })).toBeNull();
  expect(event("edited", {})).toBeNull();
  expect(event("counts", { postId: "p", comments: "many", reactions: "1" })).toBeNull();
  expect(event("notification", { kind: "poked", person: { handle: "ana" } })).toBeNull();
  expect(event("notification", { kind: "reaction.set" })).toBeNull();
  expect(asEvent("gone", "{")).toBeNull();
  expect(asEvent("gone", "7")).toBeNull();
});
