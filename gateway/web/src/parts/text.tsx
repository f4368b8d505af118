import type { Span } from "../api/types";
import { pieces, type Piece } from "../text/spans";

/** What somebody wrote. Whatever it holds is shown as text; only recognised parts lead somewhere. */
export function Text({ body, spans }: { body: string; spans: readonly Span[] }) {
  return (
    <p class="text" dir="auto">
      {pieces(body, spans).map((piece, index) => (
        <Shown key={index} piece={piece} />
      ))}
    </p>
  );
}

function Shown({ piece }: { piece: Piece }) {
  switch (piece.kind) {
    case "words":
      return <>{piece.text}</>;
    case "tag":
      return <span class="hash">{piece.text}</span>;
    case "mention":
      return <a href={`/accounts/${piece.accountId}`}>{piece.text}</a>;
    case "link":
      return (
        <a href={piece.address} target="_blank" rel="noopener noreferrer nofollow ugc">
          {piece.text}
        </a>
      );
  }
}
