const PATHS = {
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4v-9Z",
  explore: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm3.5-12.5-2 5-5 2 2-5 5-2Z",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15L6 16Zm4 5h4",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 8c.6-3.6 3.9-6 8-6s7.4 2.4 8 6",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6.5 8c.5-3 3-5 6.5-5s6 2 6.5 5M16 4.5a3.5 3.5 0 0 1 0 6.5m2 3.5c2 .8 3.2 2.4 3.5 4.5",
  inbox: "M4 13l3-8h10l3 8v6H4v-6Zm0 0h5l1 2h4l1-2h5",
  settings:
    "M4 7h9m4 0h3M4 17h3m4 0h9M13 7a2 2 0 1 0 4 0 2 2 0 0 0-4 0ZM7 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0Z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 4 4",
  lock: "M6 11h12v9H6v-9Zm3 0V8a3 3 0 0 1 6 0v3",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm-9-9h18M12 3c-5 5-5 13 0 18 5-5 5-13 0-18Z",
  chosen: "M4 6h9M4 12h7M4 18h5m4-2 3 3 5-6",
  comment: "M4 5h16v11H11l-4 4v-4H4V5Z",
  heart: "M12 20C7 16 3.5 12.8 3.5 9A4.3 4.3 0 0 1 12 7.5 4.3 4.3 0 0 1 20.5 9c0 3.8-3.5 7-8.5 11Z",
  bookmark: "M6 4h12v16l-6-4.5L6 20V4Z",
  more: "M4.5 12h1M11.5 12h1M18.5 12h1",
  close: "M6 6l12 12M18 6 6 18",
  back: "M19 12H5m6-6-6 6 6 6",
  check: "M5 13l4 4L19 7",
  light:
    "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm0-13v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M5.6 18.4 7 17m10-10 1.4-1.4",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
  system: "M4 5h16v11H4V5Zm5 15h6m-3-4v4",
  write: "M5 19l1-4L16 5l3 3L9 18l-4 1Zm9-12 3 3",
};

export type IconName = keyof typeof PATHS;

/** A drawing beside a word that says the same. */
export function Icon({ name, full = false }: { name: IconName; full?: boolean }) {
  return (
    <svg class={full ? "icon full" : "icon"} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
