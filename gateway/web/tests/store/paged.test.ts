import { expect, test } from "vitest";
import { Problem } from "../../src/api/problem";
import type { Slice } from "../../src/api/types";
import { Paged } from "../../src/store/paged";

/** A list on the service: newest first, three on a page, with what is hidden left out. */
class Shelf {
  items: string[];
  hidden = new Set<string>();
  fails = false;
  asked: string[] = [];

  constructor(count: number) {
    this.items = Array.from({ length: count }, (_, index) => `i${count - index}`);
  }

  read = async (cursor: string, position: string): Promise<Slice<string>> => {
    this.asked.push(position);
    if (this.fails) throw new Problem({ title: "Away" }, 503);
    const start = cursor ? this.items.indexOf(cursor) + 1 : 0;
    const page = this.items.slice(start, start + 3);
    const last = page.at(-1) ?? "";
    return {
      items: page.filter((item) => !this.hidden.has(item)),
      nextCursor: start + 3 < this.items.length ? last : "",
    };
  };
}

const paged = (shelf: Shelf) => new Paged<string>(shelf.read, (item) => item);

test("it is read page by page to its end", async () => {
  const list = paged(new Shelf(7));
  await list.first();
  expect(list.items.value).toEqual(["i7", "i6", "i5"]);
  expect(list.hasMore.value).toBe(true);
  await list.next();
  await list.next();
  expect(list.items.value).toHaveLength(7);
  expect(list.hasMore.value).toBe(false);
  await list.next();
  expect(list.items.value).toHaveLength(7);
});

test("pages of hidden things are passed over", async () => {
  const shelf = new Shelf(9);
  for (const item of ["i9", "i8", "i7"]) shelf.hidden.add(item);
  const list = paged(shelf);
  await list.first();
  expect(list.items.value).toEqual(["i6", "i5", "i4"]);
});

test("a page that fails leaves what is there, and is tried again", async () => {
  const shelf = new Shelf(5);
  const list = paged(shelf);
  await list.first();
  shelf.fails = true;
  await list.next();
  expect(list.stage.value).toBe("failed");
  expect(list.problem.value?.title).toBe("Away");
  expect(list.items.value).toHaveLength(3);
  shelf.fails = false;
  await list.retry();
  expect(list.items.value).toHaveLength(5);
  expect(list.problem.value).toBeNull();
});

test("what is new goes in front, and what was loaded stays", async () => {
  const shelf = new Shelf(6);
  const list = paged(shelf);
  await list.first();
  await list.next();
  shelf.items.unshift("new");
  await list.newest("told");
  expect(shelf.asked.at(-1)).toBe("told");
  expect(list.items.value).toEqual(["new", "i6", "i5", "i4", "i3", "i2", "i1"]);
});

test("after a gap it starts over: what is missing must not look whole", async () => {
  const shelf = new Shelf(6);
  const list = paged(shelf);
  await list.first();
  shelf.items.unshift("n5", "n4", "n3", "n2", "n1");
  await list.newest();
  expect(list.items.value).toEqual(["n5", "n4", "n3"]);
  await list.next();
  expect(list.items.value).toEqual(["n5", "n4", "n3", "n2", "n1", "i6"]);
});

test("reading anew takes as many pages as there are", async () => {
  const shelf = new Shelf(8);
  const list = paged(shelf);
  await list.first();
  await list.next();
  shelf.items = shelf.items.filter((item) => item !== "i7");
  await list.reread();
  expect(list.items.value).toEqual(["i8", "i6", "i5", "i4", "i3", "i2"]);
  await list.next();
  expect(list.items.value.at(-1)).toBe("i1");
});

test("an item that was added by hand moves to its place once its page is read", async () => {
  const list = paged(new Shelf(4));
  await list.first();
  list.add("i1", "end");
  list.add("i1", "end");
  expect(list.items.value).toEqual(["i4", "i3", "i2", "i1"]);
  await list.next();
  expect(list.items.value).toEqual(["i4", "i3", "i2", "i1"]);
});

test("an older read does not overwrite a newer one", async () => {
  const answers: ((page: Slice<string>) => void)[] = [];
  const list = new Paged<string>(
    () => new Promise((resolve) => answers.push(resolve)),
    (item) => item,
  );
  const first = list.again();
  const second = list.again();
  answers[1]?.({ items: ["new"], nextCursor: "" });
  await second;
  answers[0]?.({ items: ["old"], nextCursor: "" });
  await first;
  expect(list.items.value).toEqual(["new"]);
});
