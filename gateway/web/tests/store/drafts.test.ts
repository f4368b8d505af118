import { expect, test } from "vitest";
import { isSendable, isText } from "../../src/parts/posts/limits";
import { asPost, EMPTY, type Draft } from "../../src/store/drafts";

const ANA = { accountId: "ana", firstName: "Ana", lastName: "Lima" };
const draft = (changed: Partial<Draft>): Draft => ({ ...EMPTY, body: "Hello.", ...changed });

test("a draft always comes to the same post, with chosen people only where they count", () => {
  expect(asPost(draft({ chosen: [ANA] })).chosenIds).toEqual([]);
  const chosen = draft({ audience: "AUDIENCE_SELECTED", chosen: [ANA] });
  expect(asPost(chosen)).toEqual(asPost({ ...chosen }));
  expect(asPost(chosen).chosenIds).toEqual(["ana"]);
});

test("what the service would refuse is not sent", () => {
  expect(isSendable(draft({}))).toBe(true);
  expect(isSendable(draft({ body: " \n" }))).toBe(false);
  expect(isSendable(draft({ body: "🎉".repeat(5000) }))).toBe(true);
  expect(isSendable(draft({ body: "🎉".repeat(5001) }))).toBe(false);
  expect(isSendable(draft({ audience: "AUDIENCE_SELECTED" }))).toBe(false);
  const crowd = Array.from({ length: 101 }, (_, index) => ({ ...ANA, accountId: `${index}` }));
  expect(isSendable(draft({ audience: "AUDIENCE_SELECTED", chosen: crowd }))).toBe(false);
  expect(isText("x".repeat(3001), 3000)).toBe(false);
});
