import { expect, test } from "vitest";
import { Refreshes } from "../../src/store/refreshes";

test("whoever asks during a read gets the one after it, and all of them the same", async () => {
  const reads: (() => void)[] = [];
  const refreshes = new Refreshes(() => new Promise((resolve) => reads.push(resolve)));
  const calm = () => new Promise((resolve) => setTimeout(resolve, 0));
  const first = refreshes.of("p");
  const second = refreshes.of("p");
  const third = refreshes.of("p");
  expect(reads).toHaveLength(1);
  reads[0]?.();
  await first;
  await calm();
  expect(reads).toHaveLength(2);
  expect(refreshes.isBusy("p")).toBe(true);
  reads[1]?.();
  await Promise.all([second, third]);
  await calm();
  expect(reads).toHaveLength(2);
  expect(refreshes.isBusy("p")).toBe(false);
});

test("a read that failed does not keep the next one from being made", async () => {
  let count = 0;
  const refreshes = new Refreshes(async () => {
    if (++count === 1) throw new Error("away");
  });
  const first = refreshes.of("p");
  const second = refreshes.of("p");
  await expect(first).rejects.toThrow("away");
  await second;
  expect(count).toBe(2);
});
