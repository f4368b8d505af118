import { computed, signal } from "@preact/signals";

/** What arrived live for a list and is not in it yet, with the position that shows all of it. */
export class Fresh {
  private readonly arrived = signal<ReadonlyMap<string, string>>(new Map());

  /** `isKnown` says which of them are shown already, or are about to be. */
  constructor(private readonly isKnown: (id: string, authorId: string) => boolean) {}

  private readonly authors = new Map<string, string>();

  readonly ids = computed<readonly string[]>(() =>
    [...this.arrived.value.keys()].filter((id) => !this.isKnown(id, this.authors.get(id) ?? "")),
  );

  add(id: string, authorId: string, position: string): void {
    this.authors.set(id, authorId);
    this.arrived.value = new Map(this.arrived.value).set(id, position);
  }

  remove(id: string): void {
    if (!this.arrived.value.has(id)) return;
    const left = new Map(this.arrived.value);
    left.delete(id);
    this.arrived.value = left;
  }

  /** All positions that were told, as one header field takes them; forgets what arrived. */
  take(): string {
    const positions = new Set(this.arrived.value.values());
    this.authors.clear();
    this.arrived.value = new Map();
    return [...positions].slice(-POSITIONS_MAX).join(", ");
  }
}

/** The service merges sixteen; some room is left for what the viewer did. */
const POSITIONS_MAX = 8;
