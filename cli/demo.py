"""`agora demo`: fills a running Agora with a small society, through the public API."""

import os
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from msgspec import Struct

from cli.demo_edge import Edge, Refused
from cli.demo_filling import Filling, Outcome
from cli.demo_society import PASSWORD, Society, society
from cli.demo_standing import Difference
from cli.output import FAILED, UNUSABLE, Failure, Json, bold, examples, result, say
from cli.progress import Steps
from infra.config import GatewaySettings, load

SHOWN: Final = 20
"""Differences that are printed; `--json` has them all."""

ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # Never listened on here.

People = Annotated[
    int, typer.Option("--people", "-p", min=0, help="Only the N with the most friends; 0 is all.")
]
Verify = Annotated[bool, typer.Option("--verify", help="Compare with the file; add nothing.")]


class Login(Struct, frozen=True):
    """Somebody to sign in as."""

    name: str
    handle: str
    email: str
    password: str


class Report(Struct, frozen=True):
    """What the demo did, and whom to sign in as."""

    outcome: Outcome
    address: str
    logins: tuple[Login, ...]


@examples("agora demo", "agora demo --people 100", "agora demo --verify")
def demo(people: People = 0, verify: Verify = False, json: Json = False) -> None:
    """Fill the running stack with 962 invented people and the 37,624 follows among them.

    Run it again at any time, also after Ctrl-C: it adds what is lacking and changes nothing else.
    At the end the followers and the following of everybody are compared with the file.
    Exit codes: 0 everything is as in the file, 1 something is not, 2 nothing answers.
    """
    gateway = load(os.environ).gateway
    filled = society(people)
    outcome = _run(gateway, filled, verify=verify)
    host = f"[{gateway.host}]" if ":" in gateway.host else gateway.host
    report = Report(outcome, f"http://{host}:{gateway.port}/", _logins(filled))
    if outcome.differences:
        raise Failure(_differing(outcome.differences), _advice(verify), FAILED, report)
    result(report, _told(report), json)


def _run(gateway: GatewaySettings, filled: Society, *, verify: bool) -> Outcome:
    with Steps() as steps:
        host = ANY_ADDRESS.get(gateway.host, gateway.host)
        edge = Edge(host, gateway.port, steps.remark)
        try:
            edge.require()
            filling = Filling(edge, filled, steps, datetime.now(UTC))
            return filling.verify() if verify else filling.fill()
        except Refused as refusal:
            raise _refused(refusal) from refusal
        except KeyboardInterrupt:
            say("Stopped. Everything so far stays; agora demo goes on from here.")
            raise
        finally:
            edge.close()


def _refused(refusal: Refused) -> Failure:
    if refusal.reason == "SIGN_IN_FAILED":
        return Failure("The demo's people are not here yet.", "agora demo", UNUSABLE)
    return Failure(f"The API refused: {refusal}", "agora logs gateway commands")


def _logins(filled: Society) -> tuple[Login, ...]:
    """The best-connected person and the best-connected of their friends."""
    guide = filled.people[0]
    friends = filled.following()[guide.handle]
    friend = next((person for person in filled.people if person.handle in friends), guide)
    return tuple(
        Login(f"{person.first_name} {person.last_name}", person.handle, person.email, PASSWORD)
        for person in dict.fromkeys((guide, friend))
    )


def _told(report: Report) -> str:
    outcome = report.outcome
    added = (
        f"Added {outcome.registered:,} people ({outcome.registered_per_s:,.0f}/s) and "
        f"{outcome.followed:,} follows ({outcome.followed_per_s:,.0f}/s).\n"
    )
    logins = "\n".join(
        f"  {login.handle:<20} {login.password:<20} {login.name}" for login in report.logins
    )
    return (
        f"{added if outcome.registered or outcome.followed else ''}"
        f"{outcome.people:,} people and {outcome.follows:,} follows are as in the file.\n\n"
        f"Sign in at {bold(report.address)} as one of\n{logins}"
    )


def _differing(found: list[Difference]) -> str:
    lines = [f"  @{difference.handle} {difference.text}" for difference in found[:SHOWN]]
    more = [f"  and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "\n".join(["Not everything is as in the file:", *lines, *more])


def _advice(verify: bool) -> str:
    if verify:
        return "agora demo, which adds what is lacking; agora projections status"
    return "agora projections status, then agora demo --verify"
