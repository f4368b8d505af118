import { expect, test } from "vitest";
import { Cards } from "../../src/store/cards";

interface Note {
  id: string;
  words: string;
}

const cards = () => new Cards<Note>((note) => note.id);
const note = (words: string): Note => ({ id: "n", words });

test("every place that shows a thing shows the same", async () => {
  const notes = cards();
  const shown = notes.of("n");
  expect(shown.value).toBeUndefined();
  expect(await notes.take(Promise.resolve([note("a")]))).toEqual(["n"]);
  notes.change("n", (before) => ({ ...before, words: `${before.words}b` }));
  expect(shown.value).toEqual(note("ab"));
});

test("an answer that was asked for before a removal does not bring the thing back", async () => {
  const notes = cards();
  notes.put([note("a")]);
  const late = notes.take(Promise.resolve([note("a")]));
  notes.remove("n");
  expect(await late).toEqual([]);
  expect(notes.of("n").value).toBe("gone");
  expect(notes.here("n")).toBeUndefined();
});

test("an answer that was asked for afterwards does: it may be seen again", async () => {
  const notes = cards();
  notes.put([note("a")]);
  notes.removeWhere(({ words }) => words === "a");
  await notes.take(Promise.resolve([note("b")]));
  expect(notes.here("n")).toEqual(note("b"));
});
