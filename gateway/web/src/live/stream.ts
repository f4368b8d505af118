import { createParser } from "eventsource-parser";
import { asEvent, type LiveEvent } from "./events";

/** What opens a stream. `lastEventId` is empty for a first one. */
export interface Opening {
  url: string;
  token: string;
  lastEventId: string;
  signal: AbortSignal;
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
 * The events of one live stream until it ends, each with its id where it has one. Anything that
 * arrives, heartbeats included, is told to `heard`. Throws Refused, or what `fetch` throws.
 *
 * By fetch and not by EventSource, which can send neither a token nor a position to go on from.
 */
export async function* streamed(
  { url, token, lastEventId, signal }: Opening,
  heard: () => void,
  fetched: Fetch,
): AsyncGenerator<{ id: string; event: LiveEvent }> {
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
  const arrived: { id: string; event: LiveEvent }[] = [];
  const parser = createParser({
    onEvent: ({ id = "", event = "message", data }) => {
      const known = asEvent(event, data);
      if (known) arrived.push({ id, event: known });
    },
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    parser.feed(value);
    yield* arrived.splice(0);
  }
}
