import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { FeedName } from "../../api/posts";
import { feed, open, showFresh, type Feed as Shown } from "../../store/feeds";
import { posts } from "../../store/posts";
import { PagedList } from "../paged";
import { Pill } from "../pill";
import { PostCard } from "./card";

/** A list of posts of any length, with what arrived since as a pill above it. */
export function Feed({
  name,
  label,
  empty,
}: {
  name: FeedName;
  label: string;
  empty: ComponentChildren;
}) {
  const shown = feed(name);
  useEffect(() => void open(name), [name]);
  return (
    <>
      <Pill
        count={shown.fresh.ids.value.length}
        names={["new post", "new posts"]}
        show={() => show(shown)}
        isSticky
      />
      <PagedList
        list={shown.list}
        label={label}
        empty={empty}
        className="posts"
        keyOf={(id) => id}
        isShown={(id) => posts.of(id).value !== "gone"}
      >
        {(id) => <PostCard id={id} />}
      </PagedList>
    </>
  );
}

async function show(shown: Shown): Promise<void> {
  window.scrollTo({ top: 0 });
  await showFresh(shown);
  document.getElementById("content")?.focus({ preventScroll: true });
}
