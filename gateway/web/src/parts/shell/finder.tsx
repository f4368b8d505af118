import { useLocation } from "preact-iso";
import { useRef } from "preact/hooks";
import { Icon } from "../icon";

/** Goes to a person by handle. */
export function Finder() {
  const { route } = useLocation();
  const input = useRef<HTMLInputElement>(null);
  const go = (event: Event) => {
    event.preventDefault();
    const handle = input.current?.value.trim().replace(/^@/, "").toLowerCase();
    if (!handle || !input.current) return;
    input.current.value = "";
    route(`/people/${encodeURIComponent(handle)}`);
  };
  return (
    <form class="finder" role="search" onSubmit={go}>
      <label class="unseen" for="find">
        Find a person by handle
      </label>
      <Icon name="search" />
      <input
        id="find"
        ref={input}
        placeholder="Find @handle"
        autocapitalize="none"
        spellcheck={false}
        maxLength={31}
      />
    </form>
  );
}
