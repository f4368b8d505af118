/**
 * Where a page begins: at its top, for eyes and for screen readers; where it was left, for whoever
 * goes back. Lists are kept in memory, so that a place in them is there again.
 */

const places = new Map<string, number>();
let isReturning = false;
let here = address();

history.scrollRestoration = "manual";

addEventListener("popstate", () => {
  isReturning = true;
});

addEventListener("scroll", () => places.set(here, window.scrollY), { passive: true });

function address(): string {
  return location.pathname;
}

/** Called when another page is drawn. */
export function arrive(): void {
  here = address();
  const top = isReturning ? (places.get(here) ?? 0) : 0;
  isReturning = false;
  document.getElementById("content")?.focus({ preventScroll: true });
  if (location.hash) return void document.getElementById(location.hash.slice(1))?.scrollIntoView();
  requestAnimationFrame(() => window.scrollTo(0, top));
}
