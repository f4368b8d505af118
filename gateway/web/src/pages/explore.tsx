import { useEffect } from "preact/hooks";
import { lookAt } from "../live/sight";
import { Feed } from "../parts/posts/feed";
import { useTitle } from "../parts/title";

/** What everybody writes for everybody. */
export function ExplorePage() {
  useTitle("Explore");
  useEffect(() => lookAt("explore"), []);
  return (
    <>
      <h1>Explore</h1>
      <Feed name="explore" label="Posts of everybody" empty={<p>Nobody has written yet.</p>} />
    </>
  );
}
