"""What every domain event is: a frozen fact with a stable type name.

Subclasses set `tag` to their type (`follow.established`). Fields are only ever added, with
defaults; a new meaning is a new type and an upcaster in `events.catalog`.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from events.value import Value

Personal = Annotated[str, Meta(extra={"personal": True}, extra_json_schema={"x-personal": True})]
"""Text about a person: sealed in the log under the key of the person named by `sealed_by`."""


class Event(Value, frozen=True, tag_field="type", kw_only=True):
    """A fact about one stream.

    `sealed_by` names the field with the account whose key seals the `Personal` fields; it is
    empty for events without any.
    """

    sealed_by: ClassVar[str] = ""


def type_of(event: Event | type[Event]) -> str:
    """The event's type in the catalog, such as `follow.established`."""
    return str(event.__struct_config__.tag)
