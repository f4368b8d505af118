"""What the validation rules of a message (buf.validate in its proto file) hold against it."""

from google.protobuf.message import Message
from protovalidate import Validator, Violation


def violations(validator: Validator, message: Message) -> dict[str, str]:
    """What is wrong by path, such as `account_ids[2]`; empty when all is well.

    The explanations come from the rules and never repeat what was sent.
    """
    return {
        _path(violation): violation.proto.message or "is not valid"
        for violation in validator.collect_violations(message)
    }


def _path(violation: Violation) -> str:
    field = violation.proto.field
    names = []
    for element in field.elements if field is not None else ():
        place = element.subscript
        # Keys of maps are the sender's own text and stay out of the path; an index is a number.
        index = f"[{place.value}]" if place is not None and place.field == "index" else ""
        names.append(f"{element.field_name}{index}")
    return ".".join(names)
