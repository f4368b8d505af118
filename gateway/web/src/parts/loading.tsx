import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { Problem } from "../api/problem";

const LOADING = { state: "loading" } as const;

export type Loaded<T> =
  typeof LOADING | { state: "failed"; problem: Problem } | { state: "here"; value: T };

/** What `load` gives, loaded anew when `key` changes or `again` is called.
 *
 * What was loaded for another key is not shown meanwhile: its buttons would act on somebody else
 * than the address says.
 */
export function useLoaded<T>(
  key: string,
  load: () => Promise<T>,
): [Loaded<T>, () => void, (value: T) => void] {
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
  const put = useCallback((value: T) => hold({ key, loaded: { state: "here", value } }), [key]);
  return [held.key === key ? held.loaded : LOADING, again, put];
}

export function asProblem(fault: unknown): Problem {
  return fault instanceof Problem
    ? fault
    : new Problem({ title: "Something went wrong on this page" }, 0);
}

/** Shows what is loaded, or how far that is. */
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
      return <div class="skeleton" role="status" aria-label="Loading" />;
    case "failed":
      return <Failure problem={of.problem} again={again} />;
    case "here":
      return <>{children(of.value)}</>;
  }
}

function Failure({ problem, again }: { problem: Problem; again: () => void }) {
  const gone = problem.status === 404;
  return (
    <div class="empty" role="alert">
      <h2>{gone ? "Nobody is here" : problem.title}</h2>
      <p>{gone ? "This page may have moved, or is not for you." : problem.message}</p>
      {!gone && (
        <button class="quiet" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}
