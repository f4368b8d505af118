import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { useRef } from "preact/hooks";
import { Icon, type IconName } from "./icon";

const PLACES: { path: string; name: string; icon: IconName }[] = [
  { path: "/", name: "Profile", icon: "person" },
  { path: "/requests", name: "Requests", icon: "inbox" },
  { path: "/hidden", name: "Hidden", icon: "hidden" },
  { path: "/account", name: "Account", icon: "settings" },
];

export function Shell({ handle, children }: { handle: string; children: ComponentChildren }) {
  const { path } = useLocation();
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to content
      </a>
      <header class="rail">
        <a class="brand" href="/" aria-label="Agora, home">
          <img src="/icon.svg" alt="" width="32" height="32" />
          <span>Agora</span>
        </a>
        <Finder />
        <nav aria-label="Main">
          {PLACES.map((place) => (
            <a
              key={place.path}
              href={place.path}
              aria-current={path === place.path ? "page" : undefined}
            >
              <Icon name={place.icon} />
              <span>{place.name}</span>
            </a>
          ))}
        </nav>
        <p class="whoami">
          Signed in as <b>@{handle}</b>
        </p>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function Finder() {
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
