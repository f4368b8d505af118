import { expect, test } from "vitest";
import { Problem } from "../../src/api/problem";
import { Wish } from "../../src/store/wish";

/** A service with one switch, which answers when it is told to. */
class Switch {
  on = false;
  sent: { value: boolean; key: string }[] = [];
  settled = 0;
  told: Problem[] = [];
  again = () => {};
  private waiting: ((fault?: Problem) => void)[] = [];

  readonly wish = new Wish<boolean>({
    send: (value, key) => {
      this.sent.push({ value, key });
      return new Promise<void>((resolve, reject) =>
        this.waiting.push((fault) => {
          if (fault) return reject(fault);
          this.on = value;
          resolve();
        }),
      );
    },
    settle: async () => void this.settled++,
    failed: (problem, again) => {
      this.told.push(problem);
      this.again = again;
    },
  });

  async answer(fault?: Problem): Promise<void> {
    this.waiting.shift()?.(fault);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  get values(): boolean[] {
    return this.sent.map((one) => one.value);
  }
}

test("it shows at once and stands until what is known says the same", async () => {
  const light = new Switch();
  void light.wish.set(true);
  expect(light.wish.wanted.value).toBe(true);
  expect(light.settled).toBe(0);
  await light.answer();
  expect(light.settled).toBe(1);
  expect(light.wish.wanted.value).toBeUndefined();
});

test("of presses while a command is on its way the last one counts", async () => {
  const light = new Switch();
  void light.wish.set(true);
  for (const value of [false, true, false]) void light.wish.set(value);
  expect(light.values).toEqual([true]);
  await light.answer();
  expect(light.values).toEqual([true, false]);
  await light.answer();
  expect(light.on).toBe(false);
  expect(light.wish.isPending).toBe(false);
});

test("a press and its opposite send nothing more", async () => {
  const light = new Switch();
  void light.wish.set(true);
  void light.wish.set(false);
  void light.wish.set(true);
  await light.answer();
  expect(light.values).toEqual([true]);
});

test("a failure shows what is so, and the same wish is tried again with its key", async () => {
  const light = new Switch();
  void light.wish.set(true);
  await light.answer(new Problem({}, 503));
  expect(light.wish.wanted.value).toBeUndefined();
  expect(light.told).toHaveLength(1);
  light.again();
  await light.answer();
  expect(light.sent[1]).toEqual(light.sent[0]);
  expect(light.on).toBe(true);
});

test("after a refusal the next try is a request of its own", async () => {
  const light = new Switch();
  void light.wish.set(true);
  await light.answer(new Problem({ reason: "NOT_FOUND" }, 404));
  void light.wish.set(true);
  expect(light.sent[1]?.key).not.toBe(light.sent[0]?.key);
});
