"""JSON Schemas of the events, for analysts and for readers in other languages.

They describe the `data` of an event as CloudEvents show it. Fields marked `x-personal` are sealed
in the log itself and open only to those who have the person's key.
"""

import msgspec

from events.catalog import TYPES
from events.event import type_of


def event_schema(name: str) -> str:
    """The JSON Schema (2020-12) of the event type `name`, as the text of its file."""
    event = TYPES[name]
    (reference,), components = msgspec.json.schema_components(
        [event], ref_template="#/$defs/{name}"
    )
    # The type stands beside the data of a CloudEvent, not in it.
    shape = components[event.__name__]
    del shape["properties"]["type"]
    shape["required"].remove("type")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:agora:event:{type_of(event)}",
        **reference,
        "$defs": components,
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
