/**
 * Reads things anew, each at most once at a time. Who asks while one is being read gets the read
 * after it: the one under way may be older than what was asked for.
 */
export class Refreshes {
  private readonly busy = new Map<string, { current: Promise<void>; next: Promise<void> | null }>();

  constructor(private readonly read: (id: string) => Promise<void>) {}

  isBusy(id: string): boolean {
    return this.busy.has(id);
  }

  /** Done when a read that began after this call is done. */
  of(id: string): Promise<void> {
    const turn = this.busy.get(id);
    if (!turn) return this.begin(id);
    turn.next ??= turn.current.catch(() => undefined).then(() => this.begin(id));
    return turn.next;
  }

  private begin(id: string): Promise<void> {
    const current = this.read(id).finally(() => {
      if (!this.busy.get(id)?.next) this.busy.delete(id);
    });
    this.busy.set(id, { current, next: null });
    return current;
  }
}
