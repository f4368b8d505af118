import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Paged } from "../store/paged";
import { Failure, Skeleton } from "./loading";

/** How far below the screen the next page is read. */
const AHEAD = "0px 0px 800px";

/** A list of any length: what there is, what is to come, and what to do when it does not come. */
export function PagedList<Item>({
  list,
  label,
  empty,
  className,
  keyOf,
  isShown = () => true,
  children,
}: {
  list: Paged<Item>;
  label: string;
  empty: ComponentChildren;
  className: string;
  keyOf: (item: Item) => string;
  /** Leaves out what is gone by now, without reading the list anew. */
  isShown?: (item: Item) => boolean;
  children: (item: Item) => ComponentChildren;
}) {
  useEffect(() => void list.first(), [list]);
  const items = list.items.value.filter(isShown);
  const stage = list.stage.value;
  const isWaiting = stage === "new" || stage === "loading";
  if (items.length === 0 && isWaiting) return <Skeleton />;
  const problem = list.problem.value;
  return (
    <>
      {items.length === 0 && stage === "ready" && !list.hasMore.value && (
        <div class="empty">{empty}</div>
      )}
      {items.length > 0 && (
        <ul class={className} aria-label={label} aria-busy={isWaiting}>
          {items.map((item) => (
            <li key={keyOf(item)}>{children(item)}</li>
          ))}
        </ul>
      )}
      {problem && <Failure problem={problem} again={() => void list.retry()} />}
      {list.hasMore.value && !problem && <More list={list} busy={isWaiting} />}
    </>
  );
}

/** The next page comes by itself when its place is near; the button is for whoever tabs there. */
function More<Item>({ list, busy }: { list: Paged<Item>; busy: boolean }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!button.current || busy) return;
    const near = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && void list.next(),
      { rootMargin: AHEAD },
    );
    near.observe(button.current);
    return () => near.disconnect();
  }, [list, busy]);
  return (
    <button ref={button} class="quiet wide" aria-disabled={busy} onClick={() => void list.next()}>
      {busy ? "Loading…" : "Show more"}
    </button>
  );
}
