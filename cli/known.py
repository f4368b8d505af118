"""Names typed on the command line, checked against those that exist."""

import difflib
from collections.abc import Collection

from cli.output import UNUSABLE, Failure


def require(name: str, known: Collection[str], kind: str) -> None:
    """Raises Failure for a name that is not known, with the one that it is nearest to."""
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    question = f" Did you mean {near[0]!r}?" if near else ""
    message = f"There is no {kind} {name!r}.{question}"
    raise Failure(message, f"one of {', '.join(known)}", UNUSABLE)
