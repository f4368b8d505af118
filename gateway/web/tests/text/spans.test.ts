import { expect, test } from "vitest";
import type { Span } from "../../src/api/types";
import { pieces } from "../../src/text/spans";

const span = (start: number, length: number, leads: Partial<Span>): Span => ({
  start,
  length,
  accountId: "",
  tag: "",
  link: "",
  ...leads,
});

test("a text without spans is words alone, whatever it holds", () => {
  const text = "<script>alert(1)</script> & more";
  expect(pieces(text, [])).toEqual([{ kind: "words", text }]);
  expect(pieces("", [])).toEqual([]);
});

test("spans count code points, so that signs beyond the first plane move nothing", () => {
  expect(
    pieces("🎉🎉 @ana, #sea!", [span(3, 4, { accountId: "1a" }), span(9, 4, { tag: "sea" })]),
  ).toEqual([
    { kind: "words", text: "🎉🎉 " },
    { kind: "mention", text: "@ana", accountId: "1a" },
    { kind: "words", text: ", " },
    { kind: "tag", text: "#sea", tag: "sea" },
    { kind: "words", text: "!" },
  ]);
});

test("a link leads to the web or nowhere", () => {
  const link = (address: string) => pieces("x", [span(0, 1, { link: address })])[0]?.kind;
  expect(link("https://example.org/a?b=1")).toBe("link");
  expect(link("HTTP://EXAMPLE.ORG")).toBe("link");
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "//example.org", "nonsense", ""]) {
    expect(link(bad)).toBe("words");
  }
});

test("spans that overlap or leave the text are words, and no word is lost", () => {
  const spans = [
    span(2, 3, { tag: "b" }),
    span(0, 4, { tag: "a" }),
    span(4, 90, { tag: "c" }),
    span(5, 0, { tag: "d" }),
    span(-2, 3, { tag: "e" }),
  ];
  const found = pieces("abcdefg", spans);
  expect(found.map((piece) => piece.text).join("")).toBe("abcdefg");
  expect(found.filter((piece) => piece.kind !== "words")).toHaveLength(1);
});
