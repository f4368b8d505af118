import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api/problem";
import { link } from "../live/live";

const LOADING = { state: "loading" } as const;

export type Loaded<T> =
  typeof LOADING | { state: "failed"; problem: Problem } | { state: "here"; value: T };

/** What `load` gives, loaded anew when `key` changes or `again` is called.
 *
 * What was loaded for another key is not shown meanwhile: its buttons would act on somebody else
 * than the address says.
 */
export function useLoaded<T>(key: string, load: () => Promise<T>): [Loaded<T>, () => void] {
  const [held, hold] = useState<{ key: string; loaded: Loaded<T> }>({ key, loaded: LOADING });
  const [round, next] = useState(0);
  useEffect(() => {
    let current = true;
    const update = (loaded: Loaded<T>) => current && hold({ key, loaded });
    load().then(
      (value) => update({ state: "here", value }),
      (fault) => update({ state: "failed", problem: asProblem(fault) }),
    );
    return () => {
      current = false;
    };
  }, [key, round]);
  const again = useCallback(() => next((count) => count + 1), []);
  return [held.key === key ? held.loaded : LOADING, again];
}

/** Shows what is loaded, or how far that is. An address that cannot be leads nowhere, too. */
export function Await<T>({
  of,
  again,
  children,
}: {
  of: Loaded<T>;
  again: () => void;
  children: (value: T) => ComponentChildren;
}) {
  switch (of.state) {
    case "loading":
      return <Skeleton />;
    case "failed":
      return of.problem.absent || of.problem.status === 400 ? (
        <Absent />
      ) : (
        <Failure problem={of.problem} again={again} />
      );
    case "here":
      return <>{children(of.value)}</>;
  }
}

/** Something is on its way. */
export function Skeleton() {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      <span />
      <span />
      <span />
    </div>
  );
}

/** Hidden or absent: nobody is told which. */
export function Absent() {
  return (
    <section class="card empty" role="alert">
      <h1>Nothing is here</h1>
      <p>It may have been taken away, or is not for you.</p>
      <a class="button quiet" href="/">
        Go home
      </a>
    </section>
  );
}

/** Something was not read, and may be when it is tried again: by hand, or once the link is back. */
export function Failure({ problem, again }: { problem: Problem; again: () => void }) {
  const now = link.value;
  const before = useRef(now);
  useEffect(() => {
    if (problem.passes && now === "live" && before.current !== "live") again();
    before.current = now;
  }, [now]);
  if (problem.reason === "PRIVATE_ACCOUNT") {
    return <p class="empty">Only followers see this. Ask to follow to be let in.</p>;
  }
  return (
    <div class="empty" role="alert">
      <h2>{problem.title}</h2>
      <p>{problem.message}</p>
      <button class="quiet" onClick={again}>
        Try again
      </button>
    </div>
  );
}
