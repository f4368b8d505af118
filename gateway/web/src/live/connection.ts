import { signal } from "@preact/signals";
import { backoffMs } from "./backoff";
import type { LiveEvent } from "./events";
import { covers, queryOf, type Interest } from "./interest";
import { Refused, streamed, type Fetch } from "./stream";

/** Twice as long as the gateway is ever silent: it beats while it has nothing to tell. */
const SILENCE_MS = 45_000;
/** Changes of what is on the screen are waited out for so long before a stream is opened anew. */
const SETTLE_MS = 700;
/** A gateway that knows no streams is asked again after so long. */
const UNKNOWN_MS = 300_000;

export type Link = "off" | "connecting" | "live" | "waiting";

/** What a connection needs of the world. */
export interface Line {
  address: string;
  token: () => string;
  fetch: Fetch;
  tell: (event: LiveEvent) => void;
  /** The token does not count any more. */
  ended: () => void;
  chance: () => number;
}

/**
 * Keeps one live stream open while it is wanted, whatever happens to it, and goes on from the last
 * event that arrived. One stream at a time: a new one begins where the one before it ended.
 */
export class Connection {
  readonly link = signal<Link>("off");

  private wanted: Interest | null = null;
  private open: Interest | null = null;
  private lastEventId = "";
  private failures = 0;
  private isResting = false;
  private current: AbortController | null = null;
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
    this.wanted = null;
    this.stop();
    this.link.value = "off";
  }

  /** Ends the stream for good: the next one is somebody else's. */
  forget(): void {
    this.pause();
    this.lastEventId = "";
    this.failures = 0;
  }

  /** Does not rest any longer after a failure, for instance since the network is back. */
  hurry(): void {
    if (!this.isResting) return;
    this.failures = 0;
    this.connect();
  }

  private isServed(): boolean {
    return this.open !== null && this.wanted !== null && covers(this.open, this.wanted);
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.isServed()) this.connect();
    }, ms);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.current?.abort();
    this.current = null;
    this.open = null;
    this.isResting = false;
  }

  private connect(): void {
    this.stop();
    const interest = this.wanted;
    if (!interest) return;
    const control = new AbortController();
    this.current = control;
    this.open = interest;
    this.link.value = "connecting";
    this.follow(interest, control).catch((fault: unknown) => {
      if (this.current === control) this.lost(fault);
    });
  }

  private async follow(interest: Interest, control: AbortController): Promise<void> {
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => control.abort(), SILENCE_MS);
    };
    heard();
    try {
      const opening = {
        url: `${this.line.address}?${queryOf(interest)}`,
        token: this.line.token(),
        lastEventId: this.lastEventId,
        signal: control.signal,
      };
      for await (const { id, event } of streamed(opening, heard, this.line.fetch)) {
        if (this.current !== control) return;
        if (id) this.lastEventId = id;
        if (event) this.take(event);
      }
      throw new Error("The stream ended.");
    } finally {
      clearTimeout(silence);
    }
  }

  private take(event: LiveEvent): void {
    if (event.kind === "hello") {
      this.failures = 0;
      this.link.value = "live";
    }
    if (event.kind === "closed") this.line.ended();
    else this.line.tell(event);
  }

  private lost(fault: unknown): void {
    const status = fault instanceof Refused ? fault.status : 0;
    this.stop();
    if (status === 401) return this.line.ended();
    const isUnknown = status === 404;
    this.isResting = true;
    this.link.value = isUnknown ? "off" : "waiting";
    if (status === 400) this.lastEventId = "";
    this.later(isUnknown ? UNKNOWN_MS : backoffMs(this.failures++, this.line.chance()));
  }
}
