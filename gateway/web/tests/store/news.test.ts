import { beforeEach, expect, test } from "vitest";
import type { Notice } from "../../src/live/events";
import { forgetPerson, forgetPost, markSeen, news, note, unseen } from "../../src/store/news";
import { sentence, target } from "../../src/text/notices";

const notice = (changed: Partial<Notice>): Notice => ({
  kind: "reaction.set",
  person: { accountId: "ana", handle: "ana_l", firstName: "Ana", lastName: "Lima" },
  postId: "p",
  commentId: "",
  at: "2026-06-01T10:00:00Z",
  position: "x",
  ...changed,
});

beforeEach(() => {
  news.value = [];
});

test("news is listed newest first, once, and counted until it was looked at", () => {
  expect(note(notice({}))).toBe(true);
  expect(note(notice({}))).toBe(false);
  expect(note(notice({ at: "2026-06-01T11:00:00Z" }))).toBe(true);
  expect(news.value.map((item) => item.at.slice(11, 13))).toEqual(["11", "10"]);
  expect(unseen.value).toBe(2);
  markSeen();
  expect(unseen.value).toBe(0);
});

test("a request that is withdrawn is no news any more", () => {
  note(notice({ kind: "follow.requested", postId: "" }));
  note(notice({ kind: "reaction.set" }));
  expect(note(notice({ kind: "follow.withdrawn", postId: "", at: "later" }))).toBe(false);
  expect(news.value.map((item) => item.kind)).toEqual(["reaction.set"]);
});

test("who is hidden and what is gone is forgotten", () => {
  note(notice({}));
  note(notice({ postId: "q" }));
  forgetPost("p");
  expect(news.value.map((item) => item.postId)).toEqual(["q"]);
  forgetPerson("ana");
  expect(news.value).toEqual([]);
});

test("each kind says what happened and leads to it", () => {
  expect(sentence(notice({}))).toBe("Ana Lima likes what you wrote.");
  expect(target(notice({}))).toBe("/posts/p");
  expect(target(notice({ commentId: "c" }))).toBe("/posts/p#c");
  expect(target(notice({ kind: "follow.requested", postId: "" }))).toBe("/requests");
  expect(target(notice({ kind: "follow.established", postId: "" }))).toBe("/people/ana_l");
});
