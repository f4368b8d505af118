import { signal } from "@preact/signals";
import { backoffMs } from "./backoff";
import type { LiveEvent } from "./events";
import { queryOf, subjectsOf, type Interest, type Subject } from "./interest";
import type { Places } from "./places";
import { Refused, streamed, type Fetch } from "./stream";

/** Three times as long as the gateway is ever silent: it beats while it has nothing to tell. */
const SILENCE_MS = 45_000;
/** Changes of what is on the page are waited out for so long before a stream is opened anew. */
const SETTLE_MS = 700;
/** A gateway that knows no streams is asked again after so long. */
const UNKNOWN_MS = 300_000;

export type Link = "off" | "connecting" | "live" | "waiting";

/** What a connection needs of the world. */
export interface Line {
  address: string;
  places: Places;
  token: () => string;
  fetch: Fetch;
  tell: (event: LiveEvent) => void;
  /** When the thing was read last, in places; undefined if it is not shown. */
  markOf: (subject: Subject) => number | undefined;
  /** These were read too long ago for a stream to go on from there: they must be read anew. */
  behind: (subjects: readonly Subject[]) => void;
  /** The token does not count any more. */
  ended: () => void;
  chance: () => number;
}

/** One stream: what it tells of, and after which place it tells everything. */
interface Stream {
  control: AbortController;
  subjects: ReadonlySet<Subject>;
  start: number;
  lastEventId: string;
  /** Whether it has said hello. */
  isOpen: boolean;
}

/**
 * Keeps one live stream open while it is wanted, whatever happens to it. Each stream goes on from
 * where everything that it tells of was read or told of last, so that nothing is missed in between.
 */
export class Connection {
  readonly link = signal<Link>("off");

  private wanted: Interest | null = null;
  private stream: Stream | null = null;
  private readonly told = new Map<Subject, number>();
  private failures = 0;
  private isResting = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly line: Line) {}

  /** What is to be told of from now on; the stream is opened anew only if it has to be. */
  want(interest: Interest): void {
    const isFirst = this.wanted === null;
    this.wanted = interest;
    if (isFirst) this.connect();
    else if (!this.isResting && !this.isServed()) this.later(SETTLE_MS);
  }

  /** Ends the stream; what is missed meanwhile is told after the next `want`. */
  pause(): void {
    this.stop();
    this.wanted = null;
    this.link.value = "off";
  }

  /** Ends the stream for good: the next one is somebody else's. */
  forget(): void {
    this.pause();
    this.line.places.lose();
    this.told.clear();
    this.failures = 0;
  }

  /** Does not rest any longer after a failure, for instance since the network is back. */
  hurry(): void {
    if (!this.isResting) return;
    this.failures = 0;
    this.connect();
  }

  /** Up to where a thing is known here. What is not shown needs nothing from before. */
  private known(subject: Subject): number {
    const { places, markOf } = this.line;
    return Math.max(markOf(subject) ?? places.now, this.told.get(subject) ?? 0);
  }

  private isServed(): boolean {
    const { stream, wanted } = this;
    if (!stream || !wanted) return false;
    return subjectsOf(wanted).every(
      (subject) => stream.subjects.has(subject) && this.known(subject) >= stream.start,
    );
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.isServed()) this.connect();
    }, ms);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.isResting = false;
    const { stream } = this;
    stream?.control.abort();
    this.stream = null;
    if (!stream?.isOpen) return;
    for (const subject of stream.subjects) {
      if (this.known(subject) >= stream.start) this.told.set(subject, this.line.places.now);
    }
  }

  private connect(): void {
    this.stop();
    if (!this.wanted) return;
    const { places } = this.line;
    const subjects = subjectsOf(this.wanted);
    const marks = subjects.map((subject) => this.known(subject)).filter((mark) => places.at(mark));
    const start = Math.min(places.now, ...marks);
    const control = new AbortController();
    const lastEventId = places.at(start);
    const stream = { control, subjects: new Set(subjects), start, lastEventId, isOpen: false };
    this.stream = stream;
    this.link.value = "connecting";
    this.follow(stream, queryOf(this.wanted)).catch((fault: unknown) => {
      if (this.stream === stream) this.lost(fault);
    });
  }

  private async follow(stream: Stream, query: string): Promise<void> {
    const { control, lastEventId } = stream;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => control.abort(), SILENCE_MS);
    };
    heard();
    try {
      const url = `${this.line.address}?${query}`;
      const opening = { url, token: this.line.token(), lastEventId, signal: control.signal };
      for await (const { id, event } of streamed(opening, heard, this.line.fetch)) {
        if (this.stream !== stream) return;
        if (id) this.line.places.pass(id);
        if (event) this.take(event, stream);
      }
      throw new Error("The stream ended.");
    } finally {
      clearTimeout(silence);
    }
  }

  private take(event: LiveEvent, stream: Stream): void {
    if (event.kind === "closed") return this.line.ended();
    if (event.kind === "hello") {
      this.failures = 0;
      this.link.value = "live";
      this.catchUp(stream);
    }
    this.line.tell(event);
  }

  /** Has read anew what was read before the place from which this stream tells everything. */
  private catchUp(stream: Stream): void {
    stream.isOpen = true;
    if (!stream.lastEventId) stream.start = this.line.places.now;
    const behind = [...stream.subjects].filter((subject) => this.known(subject) < stream.start);
    for (const subject of behind) this.told.set(subject, stream.start);
    if (behind.length > 0) this.line.behind(behind);
  }

  private lost(fault: unknown): void {
    const status = fault instanceof Refused ? fault.status : 0;
    this.stop();
    if (status === 401) return this.line.ended();
    const isUnknown = status === 404;
    this.isResting = true;
    this.link.value = isUnknown ? "off" : "waiting";
    if (status === 400) this.line.places.lose();
    this.later(isUnknown ? UNKNOWN_MS : backoffMs(this.failures++, this.line.chance()));
  }
}
