import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { Problem } from "../api/problem";

export type Loaded<T> =
  { state: "loading" } | { state: "failed"; problem: Problem } | { state: "here"; value: T };

/** What `load` gives, loaded anew when `key` changes or `again` is called. */
export function useLoaded<T>(
  key: string,
  load: () => Promise<T>,
): [Loaded<T>, () => void, (value: T) => void] {
  const [loaded, update] = useState<Loaded<T>>({ state: "loading" });
  const [round, next] = useState(0);
  useEffect(() => {
    let current = true;
    load().then(
      (value) => current && update({ state: "here", value }),
      (fault) => current && update({ state: "failed", problem: asProblem(fault) }),
    );
    return () => {
      current = false;
    };
  }, [key, round]);
  const again = useCallback(() => next((count) => count + 1), []);
  const put = useCallback((value: T) => update({ state: "here", value }), []);
  return [loaded, again, put];
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
