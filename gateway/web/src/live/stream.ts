import { asEvent, type LiveEvent } from "./events";
import { Messages } from "./messages";

/** What opens a stream. `lastEventId` is empty for a first one. */
export interface Opening {
  url: string;
  token: string;
  lastEventId: string;
  signal: AbortSignal;
}

/** What came: an event of ours, or only the id from which to go on. */
export interface Told {
  id: string;
  event: LiveEvent | null;
}

/** Fetch as the stream needs it; tests give their own. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A stream that was not opened, by the status of the answer. */
export class Refused extends Error {
  constructor(readonly status: number) {
    super(`The live stream was answered ${status}.`);
  }
}

/**
 * What a live stream tells until it ends. Anything that arrives, heartbeats included, is told to
 * `heard`. Throws Refused, or what `fetched` throws.
 *
 * By fetch and not by EventSource, which can send neither a token nor a place to go on from.
 */
export async function* streamed(
  { url, token, lastEventId, signal }: Opening,
  heard: () => void,
  fetched: Fetch,
): AsyncGenerator<Told> {
  const response = await fetched(url, {
    headers: {
      Accept: "text/event-stream",
      Authorization: `Bearer ${token}`,
      ...(lastEventId ? { "Last-Event-ID": lastEventId } : {}),
    },
    cache: "no-store",
    signal,
  });
  if (!response.ok || !response.body) throw new Refused(response.status);
  const messages = new Messages();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    for (const { id, name, data } of messages.read(value)) {
      yield { id, event: name ? asEvent(name, data) : null };
    }
  }
}
