import { useState } from "preact/hooks";
import { showFresh, type Feed } from "../../store/feeds";
import { counted } from "../../text/counted";

/** What arrived since, as one button: what is being read never moves by itself. */
export function FreshPill({ feed }: { feed: Feed }) {
  const [busy, setBusy] = useState(false);
  const count = feed.fresh.ids.value.length;
  const show = async () => {
    setBusy(true);
    window.scrollTo({ top: 0 });
    await showFresh(feed);
    setBusy(false);
    document.getElementById("content")?.focus({ preventScroll: true });
  };
  return (
    <div class="pill-place" aria-live="polite">
      {count > 0 && (
        <button class="pill" onClick={show} disabled={busy}>
          {counted(count, "new post", "new posts")}
        </button>
      )}
    </div>
  );
}
