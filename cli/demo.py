"""`agora demo`: fills a running Agora with people who follow and talk, through the public API."""

import os
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from msgspec import Struct

from cli.demo_edge import Edge, Refused
from cli.demo_filling import Filling, Outcome
from cli.demo_run import Run
from cli.demo_society import PASSWORD, Society, society
from cli.demo_standing import Difference
from cli.demo_talk import talk
from cli.demo_talking import Talked, Talking
from cli.output import FAILED, UNUSABLE, Failure, Json, bold, examples, result, say
from cli.progress import Steps
from infra.config import load
from infra.config_services import GatewaySettings

SHOWN: Final = 20
"""Differences that are printed; `--json` has them all."""

ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # Never listened on here.

People = Annotated[
    int,
    typer.Option(
        "--people", "-p", min=0, help="Only the N people with the most friends; 0 means all."
    ),
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Compare with the plan without adding anything.")
]


class Login(Struct, frozen=True):
    """Somebody to sign in as."""

    name: str
    handle: str
    email: str
    password: str


class Report(Struct, frozen=True):
    """What the demo did, and whom to sign in as."""

    outcome: Outcome
    talked: Talked
    address: str
    logins: tuple[Login, ...]


@examples("agora demo", "agora demo --people 100", "agora demo --verify")
def demo(people: People = 0, verify: Verify = False, json: Json = False) -> None:
    """Fill the running stack with 962 invented people and their posts.

    They make 37,624 follows, publish, comment and react, all through the public API. Run it again
    at any time, also after Ctrl-C: it adds what is missing and changes nothing else. At the end,
    everyone's followers and everything under everyone's posts is compared with the plan.

    Exit codes: 0 everything is as planned, 1 something is not, 2 the API does not answer.
    """
    gateway = load(os.environ).gateway
    filled = society(people)
    outcome, talked = _run(gateway, filled, verify=verify)
    host = f"[{gateway.host}]" if ":" in gateway.host else gateway.host
    report = Report(outcome, talked, f"http://{host}:{gateway.port}/", _logins(filled))
    if found := [*outcome.differences, *talked.differences]:
        raise Failure(_differing(found), _advice(verify), FAILED, report)
    result(report, _told(report), json)


def _run(gateway: GatewaySettings, filled: Society, *, verify: bool) -> tuple[Outcome, Talked]:
    with Steps() as steps:
        host = ANY_ADDRESS.get(gateway.host, gateway.host)
        edge = Edge(host, gateway.port, steps.remark)
        try:
            edge.require()
            run = Run(edge, filled, steps, datetime.now(UTC))
            filling, talking = Filling(run), Talking(run, talk(filled))
            if verify:
                return filling.verify(), talking.verify()
            return filling.fill(), talking.fill()
        except Refused as refusal:
            raise _refused(refusal) from refusal
        except KeyboardInterrupt:
            say("Stopped. Everything so far stays; run agora demo to resume.")
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
    outcome, talked = report.outcome, report.talked
    logins = "".join(f"  {_login(login)}\n" for login in report.logins)
    return (
        f"{_added(outcome, talked)}"
        f"{outcome.people:,} people, {outcome.follows:,} follows, {talked.posts:,} posts, "
        f"{talked.comments:,} comments and {talked.reactions:,} reactions are as planned.\n\n"
        f"Open {bold(report.address)} in two windows, the second one private, and sign in as\n"
        f"{logins}"
        "They follow each other: what one publishes appears in the other's home feed."
    )


def _login(login: Login) -> str:
    return f"{bold(login.handle):<20}  password: {login.password}   ({login.name})"


def _added(outcome: Outcome, talked: Talked) -> str:
    """What the run added, and how fast; nothing is said of nothing."""
    lines = []
    if outcome.registered or outcome.followed:
        lines.append(
            f"Added {outcome.registered:,} people ({outcome.registered_per_s:,.0f}/s) and "
            f"{outcome.followed:,} follows ({outcome.followed_per_s:,.0f}/s)."
        )
    if talked.published or talked.commented or talked.reacted:
        lines.append(
            f"Added {talked.published:,} posts, {talked.commented:,} comments and "
            f"{talked.reacted:,} reactions ({talked.done_per_s:,.0f}/s)."
        )
    return "".join(f"{line}\n" for line in lines)


def _differing(found: list[Difference]) -> str:
    lines = [f"  @{difference.handle} {difference.text}" for difference in found[:SHOWN]]
    more = [f"  and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "\n".join(["Not everything is as planned:", *lines, *more])


def _advice(verify: bool) -> str:
    if verify:
        return "agora demo, which adds what is lacking; agora projections status"
    return "agora projections status, then agora demo --verify"
