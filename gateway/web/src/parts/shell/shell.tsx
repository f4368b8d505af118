import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { unseen } from "../../store/news";
import { Icon, type IconName } from "../icon";
import { Asking } from "./asking";
import { Finder } from "./finder";
import { LinkState } from "./link-state";
import { ThemeSwitch } from "./theme-switch";
import { Toasts } from "./toasts";

interface Place {
  path: string;
  name: string;
  icon: IconName;
}

const places = (handle: string): Place[] => [
  { path: "/", name: "Home", icon: "home" },
  { path: "/explore", name: "Explore", icon: "explore" },
  { path: "/news", name: "News", icon: "bell" },
  { path: "/requests", name: "Requests", icon: "inbox" },
  { path: `/people/${handle}`, name: "Profile", icon: "person" },
];

const SIDE: Place[] = [
  { path: "/bookmarks", name: "Bookmarks", icon: "bookmark" },
  { path: "/account", name: "Settings", icon: "settings" },
];

/** What stands around every page: where one can go, and what is new. */
export function Shell({ handle, children }: { handle: string; children: ComponentChildren }) {
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
        <nav aria-label="Main" class="main-nav">
          {places(handle).map((place) => (
            <PlaceLink key={place.path} place={place} />
          ))}
        </nav>
        <nav aria-label="Own things" class="side-nav">
          {SIDE.map((place) => (
            <PlaceLink key={place.path} place={place} />
          ))}
          <ThemeSwitch />
        </nav>
        <LinkState />
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <Toasts />
      <Asking />
    </div>
  );
}

function PlaceLink({ place }: { place: Place }) {
  const { path } = useLocation();
  const count = place.path === "/news" ? unseen.value : 0;
  return (
    <a href={place.path} aria-current={path === place.path ? "page" : undefined}>
      <Icon name={place.icon} />
      <span>{place.name}</span>
      {count > 0 && (
        <span class="badge">
          {count}
          <span class="unseen"> new</span>
        </span>
      )}
    </a>
  );
}
