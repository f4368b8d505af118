import { batch, signal } from "@preact/signals";
import { asProblem, type Problem } from "../api/problem";
import type { Slice } from "../api/types";

export type Stage = "new" | "loading" | "ready" | "failed";

/** Reads a page; a position asks for what a live event told of. */
export type Load<Item> = (cursor: string, position: string) => Promise<Slice<Item>>;

/** What is hidden is left out of pages, so that some are empty: so many are passed over at once. */
const EMPTY_PAGES_MAX = 5;
/** A long list is not read anew as a whole. */
const REREAD_PAGES_MAX = 5;

/**
 * A list that is read page by page, and keeps what it has when a page fails.
 *
 * Items are told apart by `idOf`: pages overlap when something is inserted between two reads.
 */
export class Paged<Item> {
  readonly items = signal<readonly Item[]>([]);
  readonly stage = signal<Stage>("new");
  readonly hasMore = signal(false);
  readonly problem = signal<Problem | null>(null);

  /** Tries once more what failed last. */
  retry: () => Promise<void> = () => this.first();

  /** Done when the read that is under way is. */
  idle: Promise<void> = Promise.resolve();

  private cursor = "";
  private pages = 0;
  private round = 0;
  private readAt = 0;

  constructor(
    private readonly load: Load<Item>,
    private readonly idOf: (item: Item) => string,
    private readonly clock: () => number = Date.now,
  ) {}

  /** How long ago the list was read from its start. */
  get age(): number {
    return this.clock() - this.readAt;
  }

  /** Whether the list has its start; a later page may be missing. */
  get isRead(): boolean {
    return this.pages > 0;
  }

  /** Reads the first page, unless it is there or under way. */
  async first(): Promise<void> {
    if (this.stage.value === "new") await this.start();
  }

  /** Reads from the start, and shows nothing older meanwhile. */
  async again(): Promise<void> {
    batch(() => {
      this.items.value = [];
      this.hasMore.value = false;
    });
    await this.start();
  }

  /** Reads the next page, if there is one and no page is under way. */
  async next(): Promise<void> {
    if (this.stage.value === "loading" || !this.hasMore.value) return;
    await this.read(async (current) => {
      const found = await this.full(this.cursor, "");
      if (current()) this.append(found);
    });
  }

  /**
   * Reads the newest page and puts it in front; what is known stays where it is. If more than a
   * page is new, the list starts over with it: a gap must not pass for the whole.
   */
  async newest(position = ""): Promise<void> {
    await this.read(async (current) => {
      const found = await this.full("", position);
      if (!current()) return;
      const known = new Set(this.items.value.map(this.idOf));
      if (this.pages === 0 || (found.nextCursor && !found.items.some(this.among(known)))) {
        this.replace([found]);
        return;
      }
      const ids = new Set(found.items.map(this.idOf));
      this.items.value = [...found.items, ...this.items.value.filter(this.not(ids))];
      this.readAt = this.clock();
    });
  }

  /** Reads anew as many pages as there are, and then shows those. */
  async reread(position = ""): Promise<void> {
    await this.read(async (current) => {
      const found = await this.anew(position);
      if (current()) this.replace(found);
    });
  }

  /** What reading anew finds that is not in the list; the list stays as it is. Throws Problem. */
  async unseen(): Promise<readonly Item[]> {
    const found = await this.anew("");
    const known = new Set(this.items.value.map(this.idOf));
    return found.flatMap((page) => page.items).filter(this.not(known));
  }

  /** Puts an item at the start or the end, unless it is in the list. */
  add(item: Item, where: "start" | "end"): void {
    if (this.has(this.idOf(item))) return;
    this.items.value =
      where === "start" ? [item, ...this.items.value] : [...this.items.value, item];
  }

  has(id: string): boolean {
    return this.items.value.some((item) => this.idOf(item) === id);
  }

  drop(id: string): void {
    this.items.value = this.items.value.filter((item) => this.idOf(item) !== id);
  }

  private start(): Promise<void> {
    return this.read(async (current) => {
      const found = await this.full("", "");
      if (current()) this.replace([found]);
    });
  }

  /** The page at `cursor`, or the first one behind it that holds something. */
  private async full(cursor: string, position: string): Promise<Slice<Item>> {
    let page = await this.load(cursor, position);
    for (let passed = 1; page.items.length === 0 && page.nextCursor; passed++) {
      if (passed === EMPTY_PAGES_MAX) break;
      page = await this.load(page.nextCursor, position);
    }
    return page;
  }

  private async anew(position: string): Promise<Slice<Item>[]> {
    const found: Slice<Item>[] = [];
    const wanted = Math.min(Math.max(this.pages, 1), REREAD_PAGES_MAX);
    for (let cursor = ""; found.length < wanted;) {
      const page = await this.load(cursor, position);
      found.push(page);
      cursor = page.nextCursor;
      if (!cursor) break;
    }
    return found;
  }

  private replace(found: readonly Slice<Item>[]): void {
    batch(() => {
      this.items.value = [];
      this.pages = 0;
      for (const page of found) this.append(page);
      this.readAt = this.clock();
    });
  }

  private append(page: Slice<Item>): void {
    const ids = new Set(page.items.map(this.idOf));
    batch(() => {
      this.items.value = [...this.items.value.filter(this.not(ids)), ...page.items];
      this.hasMore.value = page.nextCursor !== "";
    });
    this.cursor = page.nextCursor;
    this.pages++;
  }

  /** One read at a time counts: the last one that began. */
  private read(body: (current: () => boolean) => Promise<void>): Promise<void> {
    this.retry = () => this.read(body);
    this.idle = this.settled(body);
    return this.idle;
  }

  private async settled(body: (current: () => boolean) => Promise<void>): Promise<void> {
    const mine = ++this.round;
    const current = () => mine === this.round;
    this.stage.value = "loading";
    this.problem.value = null;
    try {
      await body(current);
      if (current()) this.stage.value = "ready";
    } catch (fault) {
      if (!current()) return;
      batch(() => {
        this.problem.value = asProblem(fault);
        this.stage.value = "failed";
      });
    }
  }

  private among(ids: ReadonlySet<string>): (item: Item) => boolean {
    return (item) => ids.has(this.idOf(item));
  }

  private not(ids: ReadonlySet<string>): (item: Item) => boolean {
    return (item) => !ids.has(this.idOf(item));
  }
}
