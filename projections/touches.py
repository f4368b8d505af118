"""What events mean for home timelines, as data: who may get a candidate, whose set has a hole.

Timelines are supersets (docs/adr/0016-timelines-are-candidate-sets.md). What only narrows a home,
such as a block, a deletion or another audience, touches nothing: reads leave those posts out.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class Published(Struct, frozen=True):
    """A post may belong in the homes of its author and of whoever follows the author."""

    author: UUID
    post: UUID
    at: datetime


class Followed(Struct, frozen=True):
    """The timeline of this person lacks what somebody wrote whom they follow from now on."""

    follower: UUID


class Opened(Struct, frozen=True):
    """As `Followed`, for everybody whose request this person accepted at once by going public."""

    target: UUID
    at: datetime


Touch = Published | Followed | Opened
