const PATHS = {
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 8c.6-3.6 3.9-6 8-6s7.400 2.400 8 6",
  inbox: "M4 13l3-8h10l3 8v6H4v-6Zm0 0h5l1 2h4l1-2h5",
  hidden:
    "M4 4l16 16M10 6.200A9 9 0 0 1 21 12a12 12 0 0 1-2.400 3.200M6.500 7.500A12 12 0 0 0 3 12c2 4 5 6 9 6 1.500 0 2.800-.3 4-.8M10 10a3 3 0 0 0 4 4",
  settings:
    "M4 7h9m4 0h3M4 17h3m4 0h9M13 7a2 2 0 1 0 4 0 2 2 0 0 0-4 0ZM7 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0Z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 4 4",
  lock: "M6 11h12v9H6v-9Zm3 0V8a3 3 0 0 1 6 0v3",
};

export type IconName = keyof typeof PATHS;

/** A drawing beside a word that says the same. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
