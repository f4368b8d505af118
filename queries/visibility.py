"""Who may see what of whom: pure rules over loaded people, and the only place that decides it.

Hidden equals absent. What a rule hides is answered by the very refusal that answers what does not
exist, so that nobody learns of a block by asking.
"""

from msgspec.structs import replace

from events.graph import Following
from queries.people import Person
from schemas.refusals import Forbidden, NotFound


def is_visible(person: Person) -> bool:
    """Whether the viewer may know of the person: a block, whichever way, hides both.

    What people say of themselves is not shown before what they had decided until then, such as to
    block the viewer (docs/adr/0006-positions-and-after.md).
    """
    return person.own or (person.settled and not is_blocked(person))


def is_blocked(person: Person) -> bool:
    """Whether there is a block between the viewer and the person, whichever way."""
    return person.viewer_blocks or person.blocks_viewer


def is_open(person: Person) -> bool:
    """Whether the viewer sees what a private person keeps for themselves and their followers."""
    return person.own or not person.private or person.viewer_follows is Following.ESTABLISHED


def seen(person: Person | None) -> Person | None:
    """The person as the viewer may see them; None if hidden or absent.

    A private account shows strangers the handle, the names and the counts.
    """
    if person is None or not is_visible(person):
        return None
    return person if is_open(person) else replace(person, about="", registered_at=None)


def required(person: Person | None) -> Person:
    """The person as the viewer may see them; raises NotFound NOT_FOUND if hidden or absent."""
    shown = seen(person)
    if shown is None:
        raise absent()
    return shown


def absent() -> NotFound:
    """The one answer about whoever is hidden or does not exist."""
    return NotFound("NOT_FOUND", "There is no such person.")


def require_lists(person: Person | None) -> None:
    """Lets the viewer read who follows the person and whom the person follows.

    Raises NotFound NOT_FOUND if the person is hidden or absent, Forbidden PRIVATE_ACCOUNT if only
    the person and their followers may read the lists.
    """
    if not is_open(required(person)):
        raise Forbidden("PRIVATE_ACCOUNT", "Only followers see this list of a private account.")


def recognised(person: Person | None) -> Person | None:
    """The person as the list of those whom the viewer blocks shows them: handle and names.

    It shows the same whether or not the other blocks the viewer too, and so tells nothing of it.
    """
    if person is None or not person.viewer_blocks:
        return None
    return Person(
        account_id=person.account_id,
        handle=person.handle,
        first_name=person.first_name,
        last_name=person.last_name,
        viewer_blocks=True,
        viewer_mutes=person.viewer_mutes,
    )
