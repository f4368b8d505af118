import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Connection } from "../../src/live/connection";
import type { LiveEvent } from "../../src/live/events";
import type { Interest, Subject } from "../../src/live/interest";
import { Places } from "../../src/live/places";

const HOME: Interest = { feed: "home", author: "", posts: [] };

/** A gateway whose streams are opened, fed and cut by the test. */
class Gateway {
  opened: { url: string; place: string | null }[] = [];
  told: LiveEvent[] = [];
  ended = 0;
  status = 200;
  marks = new Map<Subject, number>();
  behind: Subject[] = [];
  places = new Places();
  private streams: ReadableStreamDefaultController<Uint8Array>[] = [];

  readonly connection = new Connection({
    address: "/v1/live",
    places: this.places,
    markOf: (subject) => this.marks.get(subject),
    behind: (subjects) => void this.behind.push(...subjects),
    token: () => "token",
    fetch: async (url, init) => {
      const headers = new Headers(init.headers);
      expect(headers.get("Authorization")).toBe("Bearer token");
      this.opened.push({ url, place: headers.get("Last-Event-ID") });
      if (this.status !== 200) return new Response("", { status: this.status });
      const body = new ReadableStream<Uint8Array>({
        start: (stream) => {
          this.streams.push(stream);
          init.signal?.addEventListener("abort", () => stream.error(new Error("aborted")));
        },
      });
      return new Response(body);
    },
    tell: (event) => this.told.push(event),
    ended: () => this.ended++,
    chance: () => 1,
  });

  async send(text: string): Promise<void> {
    this.streams.at(-1)?.enqueue(new TextEncoder().encode(text));
    await calm();
  }

  async cut(): Promise<void> {
    this.streams.at(-1)?.close();
    await calm();
  }
}

const calm = () => vi.advanceTimersByTimeAsync(0);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const HELLO = "id: 1\nevent: hello\ndata: {}\n\n";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("it tells what the stream tells, and says when it is there", async () => {
  const gateway = new Gateway();
  gateway.connection.want({ ...HOME, posts: ["p"] });
  expect(gateway.connection.link.value).toBe("connecting");
  await calm();
  await gateway.send(HELLO);
  expect(gateway.connection.link.value).toBe("live");
  await gateway.send('event: gone\ndata: {"postId":"p"}\n\n');
  expect(gateway.told.at(-1)).toEqual({ kind: "gone", postId: "p" });
  expect(gateway.opened).toEqual([{ url: "/v1/live?feed=home&post=p", place: null }]);
});

test("after a cut it goes on from the last place, told with data or without", async () => {
  const gateway = new Gateway();
  gateway.connection.want(HOME);
  await calm();
  await gateway.send(`${HELLO}: alive\nid: 9\n\n`);
  await gateway.cut();
  expect(gateway.connection.link.value).toBe("waiting");
  await pass(500);
  expect(gateway.opened.at(-1)?.place).toBe("9");
});

test("it backs off while nothing comes, and not any more once something does", async () => {
  const gateway = new Gateway();
  gateway.status = 503;
  gateway.connection.want(HOME);
  await pass(500 + 1000 + 2000);
  expect(gateway.opened).toHaveLength(4);
  await pass(3999);
  expect(gateway.opened).toHaveLength(4);
  gateway.status = 200;
  await pass(1);
  await gateway.send(HELLO);
  await gateway.cut();
  await pass(500);
  expect(gateway.opened).toHaveLength(6);
});

test("a network that is back ends the wait", async () => {
  const gateway = new Gateway();
  gateway.status = 503;
  gateway.connection.want(HOME);
  await pass(10_000);
  const before = gateway.opened.length;
  gateway.connection.hurry();
  await calm();
  expect(gateway.opened).toHaveLength(before + 1);
});

test("a stream that has gone silent is opened anew", async () => {
  const gateway = new Gateway();
  gateway.connection.want(HOME);
  await calm();
  await gateway.send(HELLO);
  await pass(44_000);
  await gateway.send(": alive\n\n");
  await pass(44_000);
  expect(gateway.opened).toHaveLength(1);
  await pass(1500);
  expect(gateway.opened).toHaveLength(2);
});

test("what is on the screen changes the stream only if it must, and not at each step", async () => {
  const gateway = new Gateway();
  gateway.connection.want({ ...HOME, posts: ["p", "q"] });
  await calm();
  await gateway.send(HELLO);
  gateway.connection.want({ ...HOME, posts: ["q"] });
  await pass(5000);
  expect(gateway.opened).toHaveLength(1);
  for (const post of ["r", "s", "t"]) {
    gateway.connection.want({ ...HOME, posts: ["q", post] });
    await pass(300);
  }
  await pass(700);
  expect(gateway.opened.map((one) => one.url)).toEqual([
    "/v1/live?feed=home&post=p&post=q",
    "/v1/live?feed=home&post=q&post=t",
  ]);
  expect(gateway.opened[1]?.place).toBe("1");
});

test("what was read before its stream is caught up from where it was read", async () => {
  const gateway = new Gateway();
  gateway.connection.want(HOME);
  await calm();
  await gateway.send(HELLO);
  gateway.marks.set("post:p", gateway.places.now);
  await gateway.send('id: 2\nevent: post\ndata: {"postId":"x"}\n\n');
  gateway.connection.want({ ...HOME, posts: ["p"] });
  await pass(700);
  expect(gateway.opened[1]?.place).toBe("1");
  await gateway.send("id: 1\nevent: hello\ndata: {}\n\n");
  await gateway.send('id: 3\nevent: gone\ndata: {"postId":"p"}\n\n');
  expect(gateway.told.at(-1)).toEqual({ kind: "gone", postId: "p" });
  await gateway.cut();
  await pass(500);
  expect(gateway.opened[2]?.place).toBe("3");
  expect(gateway.behind).toEqual([]);
});

test("what was read before there was any place is read anew, once", async () => {
  const gateway = new Gateway();
  gateway.marks.set("feed:home", 0).set("post:p", 0);
  gateway.connection.want({ ...HOME, posts: ["p"] });
  await calm();
  await gateway.send(HELLO);
  expect(gateway.behind).toEqual(["feed:home", "post:p"]);
  gateway.connection.want({ ...HOME, posts: ["p"] });
  await pass(2000);
  await gateway.cut();
  await pass(500);
  await gateway.send("id: 1\nevent: hello\ndata: {}\n\n");
  expect(gateway.opened).toHaveLength(2);
  expect(gateway.behind).toHaveLength(2);
});

test("a place that is too long ago is not gone on from", () => {
  const places = new Places();
  for (let number = 1; number <= 2500; number++) places.pass(`${number}`);
  expect(places.now).toBe(2500);
  expect(places.at(2500)).toBe("2500");
  expect(places.at(1)).toBe("");
  places.lose();
  expect(places.now).toBe(2500);
  expect(places.at(2500)).toBe("");
  places.pass("new");
  expect(places.at(2501)).toBe("new");
});

test("a token that does not count ends the session, by status or by event", async () => {
  const refused = new Gateway();
  refused.status = 401;
  refused.connection.want(HOME);
  await calm();
  expect(refused.ended).toBe(1);
  const closed = new Gateway();
  closed.connection.want(HOME);
  await calm();
  await closed.send('event: closed\ndata: {"reason":"SESSION_CLOSED"}\n\n');
  expect(closed.ended).toBe(1);
});

test("a place that the gateway does not know is not sent again", async () => {
  const gateway = new Gateway();
  gateway.connection.want(HOME);
  await calm();
  await gateway.send(HELLO);
  gateway.status = 400;
  await gateway.cut();
  await pass(500);
  expect(gateway.opened.at(-1)?.place).toBe("1");
  gateway.status = 200;
  await pass(1000);
  expect(gateway.opened.at(-1)?.place).toBeNull();
});

test("a pause keeps the place, and whoever comes next starts anew", async () => {
  const gateway = new Gateway();
  gateway.connection.want(HOME);
  await calm();
  await gateway.send(HELLO);
  gateway.connection.pause();
  await pass(60_000);
  expect(gateway.opened).toHaveLength(1);
  gateway.connection.want(HOME);
  await calm();
  expect(gateway.opened.at(-1)?.place).toBe("1");
  gateway.connection.forget();
  gateway.connection.want(HOME);
  await calm();
  expect(gateway.opened.at(-1)?.place).toBeNull();
});
