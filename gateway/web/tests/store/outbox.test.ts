import { expect, test } from "vitest";
import { Problem } from "../../src/api/problem";
import { Outbox, type Letter } from "../../src/store/outbox";

const letter = (key: string): Letter => ({
  key,
  writtenAt: 0,
  kind: "comment",
  postId: "p",
  parentId: "",
  body: `text ${key}`,
});

const away = () => new Problem({ title: "Away", reason: "PEER_UNREACHABLE" }, 503);
const refused = () =>
  new Problem({ title: "Some fields are not acceptable", fields: { body: "is too long" } }, 400);

/** A service that keeps what arrives by key, and loses answers when told to. */
class Service {
  held = new Map<string, string>();
  sent: string[] = [];
  pauses: number[] = [];
  kept: string[] = [];
  arrived: string[] = [];
  faults: (() => Problem)[] = [];
  losesAnswers = false;

  readonly outbox = new Outbox({
    send: async ({ key }) => {
      this.sent.push(key);
      const fault = this.faults.shift();
      if (fault && !this.losesAnswers) throw fault();
      if (!this.held.has(key)) this.held.set(key, `id-${this.held.size}`);
      if (fault) throw fault();
      return this.held.get(key)!;
    },
    arrived: async (_, id) => this.arrived.push(id),
    keep: (letters) => (this.kept = letters.map((one) => one.key)),
    pause: async (ms) => this.pauses.push(ms),
  });

  /** Lets everything that is under way come to its end. */
  async calm(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  get states(): string[] {
    return this.outbox.entries.value.map((entry) => entry.state);
  }
}

test("a letter is kept until it has arrived, and then shown in its place", async () => {
  const service = new Service();
  service.outbox.post(letter("a"));
  expect(service.kept).toEqual(["a"]);
  expect(service.states).toEqual(["sending"]);
  await service.calm();
  expect(service.arrived).toEqual(["id-0"]);
  expect([service.kept, service.states]).toEqual([[], []]);
});

test("a lost answer is asked for again with the same key: one effect", async () => {
  const service = new Service();
  service.losesAnswers = true;
  service.faults = [away, away];
  service.outbox.post(letter("a"));
  await service.calm();
  expect(service.sent).toEqual(["a", "a", "a"]);
  expect(service.held.size).toBe(1);
  expect(service.arrived).toEqual(["id-0"]);
  expect(service.pauses).toEqual([1000, 2000]);
});

test("when no answer comes the letter stays, and goes out once when it is tried again", async () => {
  const service = new Service();
  service.faults = Array.from({ length: 5 }, () => away);
  service.outbox.post(letter("a"));
  await service.calm();
  expect(service.outbox.entries.value).toMatchObject([
    { state: "failed", fault: "Away", isOpen: true },
  ]);
  expect(service.kept).toEqual(["a"]);
  service.outbox.allAgain();
  await service.calm();
  expect(service.arrived).toEqual(["id-0"]);
});

test("a refusal is not repeated, and the text is given back", async () => {
  const service = new Service();
  service.faults = [refused];
  service.outbox.post(letter("a"));
  await service.calm();
  expect(service.sent).toEqual(["a"]);
  expect(service.outbox.entries.value[0]?.fault).toContain("is too long");
  service.outbox.allAgain();
  await service.calm();
  expect(service.sent).toEqual(["a"]);
  expect(service.outbox.discard("a")?.key).toBe("a");
  expect([service.kept, service.states]).toEqual([[], []]);
});

test("what an earlier page left behind is sent with its own keys, each once", async () => {
  const service = new Service();
  service.outbox.post(letter("a"));
  service.outbox.resume([letter("a"), letter("b")]);
  await service.calm();
  expect(service.sent).toEqual(["a", "b"]);
});

test("an answer for somebody who left changes nothing", async () => {
  const service = new Service();
  service.outbox.post(letter("a"));
  service.outbox.clear();
  await service.calm();
  expect(service.arrived).toEqual([]);
  expect(service.kept).toEqual(["a"]);
});

test("what is on its way cannot be discarded", async () => {
  const service = new Service();
  service.outbox.post(letter("a"));
  expect(service.outbox.discard("a")).toBeUndefined();
  await service.calm();
  expect(service.arrived).toEqual(["id-0"]);
});
