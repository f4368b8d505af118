import type { Span } from "../api/types";

/** A part of a text as it is shown. Each is rendered as text, whatever it holds. */
export type Piece =
  | { kind: "words"; text: string }
  | { kind: "mention"; text: string; accountId: string }
  | { kind: "tag"; text: string; tag: string }
  | { kind: "link"; text: string; address: string };

/**
 * A text cut where its spans begin and end. Spans count code points; those that overlap, lie
 * outside the text or lead nowhere safe are left as words.
 */
export function pieces(body: string, spans: readonly Span[]): Piece[] {
  const points = Array.from(body);
  const found: Piece[] = [];
  let at = 0;
  const words = (until: number) => {
    if (until > at) found.push({ kind: "words", text: points.slice(at, until).join("") });
    at = Math.max(at, until);
  };
  for (const span of [...spans].sort((one, other) => one.start - other.start)) {
    const end = span.start + span.length;
    if (span.start < at || span.length < 1 || end > points.length) continue;
    const piece = leading(points.slice(span.start, end).join(""), span);
    if (!piece) continue;
    words(span.start);
    found.push(piece);
    at = end;
  }
  words(points.length);
  return found;
}

function leading(text: string, span: Span): Piece | null {
  if (span.accountId) return { kind: "mention", text, accountId: span.accountId };
  if (span.tag) return { kind: "tag", text, tag: span.tag };
  const address = webAddress(span.link);
  return address ? { kind: "link", text, address } : null;
}

/** The address if it leads to the web: `javascript:` and the like lead nowhere. */
function webAddress(link: string): string {
  try {
    const { protocol, href } = new URL(link);
    return protocol === "https:" || protocol === "http:" ? href : "";
  } catch {
    return "";
  }
}
