import { expect, test } from "vitest";
import { Messages, type Message } from "../../src/live/messages";

const read = (...pieces: string[]): Message[] => {
  const messages = new Messages();
  return pieces.flatMap((piece) => [...messages.read(piece)]);
};

test("events come out whole, however the text is cut", () => {
  const text =
    '\ufeffretry: 1000\n\n: alive\nid: 7\nevent: post\ndata: {"a":\ndata: 1}\n\nid: 8\n\ndata:x\n\n';
  const whole = [
    { id: "7", name: "post", data: '{"a":\n1}' },
    { id: "8", name: "", data: "" },
    { id: "", name: "", data: "x" },
  ];
  expect(read(text)).toEqual(whole);
  for (let at = 1; at < text.length; at++) {
    expect(read(text.slice(0, at), text.slice(at))).toEqual(whole);
  }
  expect(read(...text)).toEqual(whole);
});

test("lines end as the standard allows", () => {
  const text = "event: a\ndata: 1\n\n";
  for (const end of ["\r\n", "\r"]) {
    const other = text.replaceAll("\n", end);
    for (let at = 1; at < other.length; at++) {
      expect(read(other.slice(0, at), `${other.slice(at)}:x\n`)).toEqual([
        { id: "", name: "a", data: "1" },
      ]);
    }
  }
});

test("what is not an event is passed over, and a half one waits", () => {
  expect(read(": alive\n\n", "event: a\n\n", "nonsense\n\n", "data: 1\n")).toEqual([]);
});
