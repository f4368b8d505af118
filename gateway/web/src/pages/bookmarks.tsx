import { useEffect } from "preact/hooks";
import { lookAt } from "../live/sight";
import { Feed } from "../parts/posts/feed";
import { feed } from "../store/feeds";
import { useTitle } from "../parts/title";

/** What the viewer put by; nobody else learns of it. */
export function BookmarksPage() {
  useTitle("Bookmarks");
  useEffect(() => {
    lookAt("home");
    // Bookmarks are set on other pages: the list is read anew each time it opens.
    const { list } = feed("bookmarks");
    if (list.stage.peek() !== "new") void list.reread();
  }, []);
  return (
    <>
      <h1>Bookmarks</h1>
      <Feed
        name="bookmarks"
        label="Bookmarks"
        empty={<p>What you bookmark waits here, for you alone.</p>}
      />
    </>
  );
}
