import { expect, test } from "vitest";
import { Intent } from "../../src/api/intent";
import { uuid7 } from "../../src/api/uuid7";

test("the same content keeps its key until it has happened", () => {
  const intent = new Intent();
  const first = intent.keyFor({ body: "a" });
  expect(intent.keyFor({ body: "a" })).toBe(first);
  const second = intent.keyFor({ body: "b" });
  expect(second).not.toBe(first);
  intent.done();
  expect(intent.keyFor({ body: "b" })).not.toBe(second);
});

test("a key is a UUID of version 7 that starts with the time", () => {
  const key = uuid7(0x0197f1f0abcd);
  expect(key).toMatch(/^0197f1f0-abcd-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuid7()).not.toBe(uuid7());
});
