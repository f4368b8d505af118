"""The manners of the command line."""

import importlib
import json
import subprocess
import sys

import pytest

from cli import main
from cli.output import Failure, confirm, examples, table


def test_help_shows_examples_first_and_every_command_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.index("Examples:") < shown.index("Commands:")
    assert all(entry.summary in shown for entry in main.ENTRIES)


def test_every_command_there_is_can_be_loaded_and_explains_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for entry in main.ENTRIES:
        assert main.run([entry.name, "--help"]) == 0
        assert f"Usage: agora {entry.name}" in capsys.readouterr().out


def test_an_unknown_command_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["statsu"]) == 2
    shown = capsys.readouterr()
    assert "Did you mean 'status'?" in shown.err
    assert shown.out == ""


def test_an_unknown_option_and_subcommand_are_usage_errors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.run(["config", "show", "--jsn"]) == 2
    assert "--jsn" in capsys.readouterr().err
    assert main.run(["config", "shwo"]) == 2
    assert "'show'" in capsys.readouterr().err
    assert main.run(["config"]) == 2


def test_a_wrong_setting_exits_with_2_and_says_which(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGORA_GATEWAY_PORT", "many")
    assert main.run(["config", "show"]) == 2
    told = capsys.readouterr().err
    assert "gateway.port" in told
    # Whatever reads settings would fail alike: it is no advice to call it.
    assert "Try: agora" not in told


def test_json_is_one_envelope_also_for_a_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main.run(["config", "show", "--json"]) == 0
    fine = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("AGORA_GATEWAY_PRT", "3000")
    assert main.run(["config", "show", "--json"]) == 2
    failed = json.loads(capsys.readouterr().out)
    assert (fine["version"], fine["status"], fine["diagnostics"]) == (1, "ok", [])
    assert (failed["version"], failed["status"], failed["data"]) == (1, "failed", None)
    assert "did you mean AGORA_GATEWAY_PORT?" in failed["diagnostics"][0]["message"]


def test_a_reader_that_closes_early_is_no_error() -> None:
    program = f"{sys.executable} -m cli.main config show | head -1"
    done = subprocess.run(
        ("bash", "-c", f"set -o pipefail; {program}"), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_help_loads_no_more_than_it_needs() -> None:
    program = (
        "import sys; from cli.main import run; run(['--help']); "
        "print([name for name in ('typer', 'rich', 'grpc', 'faust') if name in sys.modules])"
    )
    done = subprocess.run(
        (sys.executable, "-c", program), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_nobody_to_ask_means_no(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure) as refused:
        confirm("Delete it?", yes=False)
    assert (refused.value.status, refused.value.advice) == (2, "add --yes")
    confirm("Delete it?", yes=True)


def test_examples_stand_below_the_first_paragraph() -> None:
    @examples("agora fly", "agora fly --high")
    def fly() -> None:
        """Fly.

        Not for long.
        """

    assert fly.__doc__ == (
        "Fly.\n\n\b\nExamples:\n  agora fly\n  agora fly --high\n\nNot for long."
    )


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    assert table(["A", "B"], [["long", "x"], ["s", ""]]) == "A     B\nlong  x\ns"


def test_targets_name_a_module_and_an_attribute() -> None:
    for entry in main.ENTRIES:
        module, _, attribute = entry.target.partition(":")
        assert callable(getattr(importlib.import_module(module), attribute))
