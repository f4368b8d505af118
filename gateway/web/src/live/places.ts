/**
 * The places of this tab's live streams, in the order in which they were passed.
 *
 * The gateway gives each event an id, from which a stream can go on. Whoever reads something takes
 * down how many places were passed when the read began: a stream that goes on from there misses
 * nothing that happened to the thing since, whenever it is opened.
 */
export class Places {
  private ids: string[] = [];
  private dropped = 0;

  /** How many were passed so far. Nothing was when it is 0. */
  get now(): number {
    return this.dropped + this.ids.length;
  }

  pass(id: string): void {
    this.ids.push(id);
    if (this.ids.length > KEPT_MAX) this.dropped += this.ids.splice(0, KEPT_MAX / 2).length;
  }

  /** The id to go on from, so that all is told that came after `mark`; empty if it is not known. */
  at(mark: number): string {
    return this.ids[mark - 1 - this.dropped] ?? "";
  }

  /** Forgets the ids: no stream goes on from what was passed so far. */
  lose(): void {
    this.dropped = this.now;
    this.ids = [];
  }
}

/** Some minutes of a busy page; beyond that things are read anew. */
const KEPT_MAX = 1000;

/** Those of this tab. */
export const places = new Places();
