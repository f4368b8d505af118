import { signal, type Signal } from "@preact/signals";
import type { Slice } from "../api/types";
import { atFarewell } from "./session";

/** What is known under an id: the thing itself, or that it is gone, or nothing yet. */
export type Known<Thing> = Thing | "gone" | undefined;

/**
 * Things by their id, each once, so that every place that shows one shows the same.
 *
 * What the service answers is taken in whole; what changes in between is changed in place. What is
 * taken away stays away from answers that were asked for before: they are older than that.
 */
export class Cards<Thing> {
  private held = new Map<string, Signal<Known<Thing>>>();
  private readonly removals = new Map<string, number>();
  private readonly marks = new Map<string, number>();
  private turn = 0;

  /** `mark` says where the live streams are; it is taken down when a read begins. */
  constructor(
    private readonly idOf: (thing: Thing) => string,
    private readonly mark: () => number = () => 0,
  ) {
    atFarewell(() => {
      this.held = new Map();
      this.removals.clear();
      this.marks.clear();
    });
  }

  /** The signal of one thing, to be read where it is shown. */
  of(id: string): Signal<Known<Thing>> {
    let card = this.held.get(id);
    if (!card) {
      card = signal<Known<Thing>>(undefined);
      this.held.set(id, card);
    }
    return card;
  }

  /** The thing as it is known now; nothing if it is gone or not known. */
  here(id: string): Thing | undefined {
    const known = this.held.get(id)?.peek();
    return known === "gone" ? undefined : known;
  }

  /** Takes in what a read that just began will answer; the ids. */
  async take(reading: Promise<readonly Thing[]>): Promise<string[]> {
    const began = this.turn;
    const mark = this.mark();
    const things = await reading;
    const current = things.filter((thing) => !this.removedSince(began, this.idOf(thing)));
    this.put(current);
    const ids = current.map(this.idOf);
    for (const id of ids) this.marks.set(id, mark);
    return ids;
  }

  /** Where the live streams were when the thing was read last; undefined if it never was. */
  markOf(id: string): number | undefined {
    return this.marks.get(id);
  }

  /** `take` for a page of a list. */
  async page(reading: Promise<Slice<Thing>>): Promise<Slice<string>> {
    const items = await this.take(reading.then((page) => page.items));
    return { items, nextCursor: (await reading).nextCursor };
  }

  /** Puts in what is known by other means than a read. */
  put(things: readonly Thing[]): void {
    for (const thing of things) this.of(this.idOf(thing)).value = thing;
  }

  /** Changes a thing that is known; does nothing otherwise. */
  change(id: string, change: (thing: Thing) => Thing): void {
    const thing = this.here(id);
    if (thing !== undefined) this.of(id).value = change(thing);
  }

  /** Takes a thing away, wherever it is shown. */
  remove(id: string): void {
    this.removals.set(id, ++this.turn);
    this.of(id).value = "gone";
  }

  /** Takes away all that `which` says. */
  removeWhere(which: (thing: Thing) => boolean): void {
    for (const [id, card] of this.held) {
      const known = card.peek();
      if (known !== undefined && known !== "gone" && which(known)) this.remove(id);
    }
  }

  private removedSince(turn: number, id: string): boolean {
    return (this.removals.get(id) ?? 0) > turn;
  }
}
