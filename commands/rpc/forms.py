"""Turns requests about people into input for the sagas; every fault names its field."""

from collections.abc import Mapping
from datetime import date
from typing import Final, Protocol
from uuid import UUID

from google.protobuf.message import Message
from msgspec import UNSET, UnsetType

from commands import passwords, people
from commands.deciders.accounts import UpdateProfile
from commands.sagas.registration import Newcomer
from infra.rpc.call import Call
from schemas.gen import accounts_pb2 as pb
from schemas.refusals import Invalid

CHANGEABLE: Final = ("first_name", "last_name", "birth_date", "handle", "about")
DEVICE_LENGTH_MAX: Final = 100


class Person(Protocol):
    """The fields that registering and changing a profile have in common."""

    first_name: str
    last_name: str
    birth_date: str
    handle: str
    about: str


def body_of(request: Message) -> bytes:
    """What the caller asked for, to know a repeat by.

    A password is left out: its digest would stay in the log, and the vault tells by itself.
    """
    said = type(request)()
    said.CopyFrom(request)
    if "password" in said.DESCRIPTOR.fields_by_name:
        said.ClearField("password")
    return said.SerializeToString(deterministic=True)


def newcomer(request: pb.RegisterRequest, call: Call, today: date) -> Newcomer:
    """Who wants to register; raises Invalid INVALID_FIELDS."""
    texts = _texts(request, CHANGEABLE)
    password = passwords.normal(request.password)
    faults = _faults(texts, today, handle_needed=False)
    email = request.email.strip()
    faults["email"] = people.email_fault(email)
    faults["password"] = passwords.fault(password, (email, texts["handle"]))
    _refuse(faults)
    return Newcomer(
        email=people.normal_email(email),
        password=password,
        private=request.private,
        device=device_of(request.device, call),
        address=call.address,
        **texts,
    )


def profile_changes(
    request: pb.UpdateProfileRequest, account: UUID, today: date
) -> tuple[UpdateProfile, str]:
    """The changes that the mask names, and the new handle or nothing; raises INVALID_FIELDS."""
    paths = tuple(request.update_mask.paths)
    if not paths or not set(paths) <= set(CHANGEABLE):
        named = ", ".join(CHANGEABLE)
        _refuse({"update_mask": f"must name one or more of {named}"})
    texts = _texts(request, paths)
    _refuse(_faults(texts, today, handle_needed=True))

    def given(field: str) -> str | UnsetType:
        return texts.get(field, UNSET)

    command = UpdateProfile(
        account_id=account,
        first_name=given("first_name"),
        last_name=given("last_name"),
        birth_date=given("birth_date"),
        about=given("about"),
    )
    return command, texts.get("handle", "")


def device_of(device: str, call: Call) -> str:
    """What the session is called: what the caller says, else what its software calls itself."""
    return device.strip() or call.user_agent[:DEVICE_LENGTH_MAX]


def _texts(person: Person, fields: tuple[str, ...]) -> dict[str, str]:
    """The fields as they would be kept."""
    texts: dict[str, str] = {field: getattr(person, field) for field in fields}
    for field in texts.keys() & {"first_name", "last_name"}:
        texts[field] = people.tidy_name(texts[field])
    return texts


def _faults(texts: Mapping[str, str], today: date, *, handle_needed: bool) -> dict[str, str | None]:
    faults: dict[str, str | None] = {}
    for field, text in texts.items():
        match field:
            case "first_name" | "last_name":
                faults[field] = people.name_fault(text)
            case "birth_date":
                faults[field] = people.birth_date_fault(text, today)
            case "about":
                faults[field] = people.about_fault(text)
            case "handle" if text or handle_needed:
                faults[field] = people.handle_fault(text)
    return faults


def _refuse(faults: Mapping[str, str | None]) -> None:
    found = {field: fault for field, fault in faults.items() if fault is not None}
    if found:
        raise Invalid("INVALID_FIELDS", f"Not valid: {', '.join(sorted(found))}.", found)
