"""Copies a block into the other person's shard, where the blocker's own follow is decided.

In the blocker's shard it counts at once; here it ends the follow of the blocker soon after.
"""

from commands.deciders.graph import MirrorBlock
from commands.reactions.source import Source
from commands.submission import Submission
from events.graph import BlockLifted, BlockSet

EVENTS = (BlockSet, BlockLifted)


def react(event: BlockSet | BlockLifted, source: Source) -> list[Submission]:
    """One mirror, at the version that the block has in its own stream."""
    mirror = MirrorBlock(
        person_id=event.blocked_id,
        blocker_id=event.blocker_id,
        blocked=isinstance(event, BlockSet),
        source_version=source.fact.version,
    )
    return [source.submission(mirror, "reactions.MirrorBlock", event.blocker_id)]
