"""`agora demo` beside a running Agora: whole at the end, whatever is killed while it runs."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from infra.config_sources import variables_of
from tests.flows.town import Someone, Town

pytestmark = pytest.mark.flows

SMALL, LARGER, LARGEST = 24, 48, 64

KILLED = {
    "looking around": ("commands", "projections"),
    "publishing posts": ("commands", "gateway", "projections"),
}
"""Which processes, once the demo has done that step."""


def agora(town: Town, *arguments: str) -> "subprocess.Popen[str]":
    """A command with the town's settings, started."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *arguments, "--json"],
        env={**os.environ, **variables_of(town.settings)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(command: "subprocess.Popen[str]", within_s: float = 240.0) -> tuple[int, Any]:
    """The exit code and what the one envelope holds; None where there is none."""
    try:
        said, _ = command.communicate(timeout=within_s)
    finally:
        command.kill()
    return command.returncode, json.loads(said)["data"] if said else None


def decided(town: Town) -> int:
    """How many decisions the log holds; the log must be clean."""
    code, checked = ended(agora(town, "log", "check"))
    assert code == 0, checked
    return sum(partition["counts"]["decisions"] for partition in checked)


def differences(report: Any) -> list[dict[str, Any]]:
    """Whatever is not as planned, of people and of posts."""
    return [*report["outcome"]["differences"], *report["talked"]["differences"]]


def test_the_demo_ends_whole_although_each_process_is_killed_in_turn(town: Town) -> None:
    with agora(town, "demo", "--people", str(LARGER)) as demo:
        try:
            assert demo.stderr is not None
            for begun, killed in KILLED.items():
                assert any(line.startswith(begun) for line in demo.stderr)
                for name in killed:
                    time.sleep(0.3)
                    assert demo.poll() is None, demo.communicate()
                    town.processes[name].kill()
                    time.sleep(0.3)
                    town.mend()
            code, report = ended(demo)
        finally:
            demo.kill()
            town.mend()
    assert (code, differences(report)) == (0, [])
    assert report["outcome"]["people"] == LARGER
    assert decided(town) > 0
    assert ended(agora(town, "demo", "--people", str(LARGER), "--verify"))[0] == 0


def test_a_second_run_adds_nothing(town: Town) -> None:
    assert ended(agora(town, "demo", "--people", str(SMALL)))[0] == 0
    # Whoever comes back signs in to look; that alone is recorded, once in half a day.
    assert ended(agora(town, "demo", "--people", str(SMALL), "--verify"))[0] == 0
    before = decided(town)
    code, report = ended(agora(town, "demo", "--people", str(SMALL)))
    outcome, talked = report["outcome"], report["talked"]
    assert (code, outcome["registered"], outcome["followed"]) == (0, 0, 0)
    assert (talked["published"], talked["commented"], talked["reacted"]) == (0, 0, 0)
    assert min(talked["posts"], talked["comments"], talked["reactions"]) > 20
    assert decided(town) == before


def test_it_goes_on_after_ctrl_c(town: Town) -> None:
    with agora(town, "demo", "--people", str(LARGEST)) as demo:
        assert demo.stderr is not None
        assert any(line.startswith("looking around") for line in demo.stderr)
        demo.send_signal(signal.SIGINT)
        assert ended(demo) == (130, None)
    code, report = ended(agora(town, "demo", "--people", str(LARGEST)))
    assert (code, differences(report)) == (0, [])
    assert report["outcome"]["followed"] > 0
    assert report["talked"]["published"] > 0


def test_it_says_what_is_not_as_in_the_file_and_mends_what_is_lacking(town: Town) -> None:
    _, report = ended(agora(town, "demo", "--people", str(SMALL)))
    one, other = (_signed_in(town, login) for login in report["logins"])
    one.do("DELETE", f"/v1/people/{other.id}/follow")
    post = one.see(f"/v1/people/{one.id}/posts")["posts"][0]
    one.do("DELETE", f"/v1/posts/{post['postId']}")
    code, report = ended(agora(town, "demo", "--people", str(SMALL), "--verify"))
    assert code == 1
    assert {(each["handle"], *each["lacking"]) for each in report["outcome"]["differences"]} == {
        (one.handle, other.handle),
        (other.handle, one.handle),
    }
    found = report["talked"]["differences"]
    assert {each["handle"] for each in found} == {one.handle}
    assert f"publish by @{one.handle}" in found[0]["text"]
    code, report = ended(agora(town, "demo", "--people", str(SMALL)))
    assert (code, differences(report)) == (0, [])


def _signed_in(town: Town, login: dict[str, str]) -> Someone:
    form = {"login": login["email"], "password": login["password"]}
    answer = town.http.post("/v1/sessions", json=form)
    assert answer.status_code == 200, answer.text
    return Someone(town, {}, answer.json())
