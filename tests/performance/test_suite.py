"""One benchmark that gives no figures takes those of no other, and a page takes several runs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from cli.main import run
from infra.local.process import StartError
from tests.performance import document, suite
from tests.performance.bench import Bench, Run
from tests.performance.document import Refusal
from tests.performance.figures import Figure, WrongAnswers, within

Benches = Callable[..., None]


def honest(_: Run) -> Sequence[Figure]:
    return [within("steps", [3], "s", 15)]


def raises(problem: Exception) -> Callable[[Run], Sequence[Figure]]:
    def raising(_: Run) -> NoReturn:
        raise problem

    return raising


@pytest.fixture
def benches(monkeypatch: pytest.MonkeyPatch) -> Benches:
    """Puts benchmarks, by name, in the place of the real ones."""

    def put(**runs: Callable[[Run], Sequence[Figure]]) -> None:
        made = [Bench(name, "", 1, work, own_servers=True) for name, work in runs.items()]
        monkeypatch.setattr(suite, "BENCHES", tuple(made))

    return put


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Path]:
    """Runs the command with `--json`, and keeps what it printed."""

    def kept(name: str, status: int, *arguments: str) -> Path:
        assert run(["bench", "--json", *arguments]) == status
        file = tmp_path / name
        file.write_text(capsys.readouterr().out, encoding="utf-8")
        return file

    return kept


LIE = ExceptionGroup("amid other work", [TimeoutError(), WrongAnswers("one was lost")])


@pytest.mark.parametrize(
    ("problem", "refusal"),
    [
        (LIE, Refusal("wrong_answers", "one was lost")),
        (TimeoutError("nobody came"), Refusal("too_late", "nobody came")),
        (ExceptionGroup("", [StartError("no Kafka")]), Refusal("missing", "no Kafka")),
        (ExceptionGroup("", [KeyError("b")]), Refusal("failed", "KeyError: 'b'")),
    ],
)
def test_the_others_go_on_and_the_refused_one_says_why(
    benches: Benches, printed: Callable[..., Path], problem: Exception, refusal: Refusal
) -> None:
    benches(first=honest, liar=raises(problem), last=honest)
    found = document.read(printed("run.json", 1)).benches
    assert [(one.name, one.refusal, len(one.figures)) for one in found] == [
        ("first", None, 1),
        ("liar", refusal, 0),
        ("last", None, 1),
    ]


def test_a_refusal_stands_in_the_table_and_on_the_page(
    benches: Benches, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    benches(liar=raises(LIE), last=honest)
    page = tmp_path / "page.md"
    assert run(["bench", "--page", str(page)]) == 1
    shown = capsys.readouterr()
    for text in (shown.out, page.read_text(encoding="utf-8")):
        assert "Refused: liar (wrong_answers): one was lost" in text
        assert "steps" in text
    assert "There are no figures of liar." in shown.err


def test_nothing_to_measure_with_is_no_failure_of_a_benchmark(benches: Benches) -> None:
    benches(one=raises(FileNotFoundError("jars")), other=raises(StartError("no Kafka")))
    assert run(["bench"]) == 2


def test_a_page_takes_the_latest_of_each_benchmark_from_several_runs(
    benches: Benches, printed: Callable[..., Path], tmp_path: Path
) -> None:
    benches(first=honest, liar=honest)
    early = printed("early.json", 0, "--seed", "7")
    benches(liar=raises(LIE))
    late = printed("late.json", 1, "--seed", "8")
    benches(first=raises(LIE), liar=raises(LIE))
    page = tmp_path / "page.md"
    kept = printed("both.json", 1, "--from", str(late), "--from", str(early), "--page", str(page))
    found = document.read(kept).benches
    assert [(one.name, one.seed, one.refusal is None) for one in found] == [
        ("first", 7, True),
        ("liar", 8, False),
    ]
    assert "| first | " in page.read_text(encoding="utf-8")


def test_what_is_named_is_measured_beside_earlier_runs(
    benches: Benches, printed: Callable[..., Path]
) -> None:
    benches(first=honest, other=honest)
    early = printed("early.json", 0, "--seed", "7")
    kept = printed("late.json", 0, "--seed", "8", "--name", "other", "--from", str(early))
    assert [(one.name, one.seed) for one in document.read(kept).benches] == [
        ("first", 7),
        ("other", 8),
    ]


def test_ctrl_c_keeps_what_was_measured_by_then(
    benches: Benches, printed: Callable[..., Path], tmp_path: Path
) -> None:
    def interrupted(_: Run) -> NoReturn:
        raise KeyboardInterrupt

    benches(first=honest, second=interrupted, third=honest)
    page = tmp_path / "page.md"
    kept = printed("run.json", 130, "--page", str(page))
    assert [one.name for one in document.read(kept).benches] == ["first"]
    assert not page.exists()


def test_a_file_that_is_no_run_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(msgspec.json.encode({"data": 1}))
    assert run(["bench", "--from", str(file)]) == 2
    assert f"{file} is no run of benchmarks" in capsys.readouterr().err


def test_an_unknown_benchmark_is_named_with_the_nearest_known_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["bench", "--name", "apend"]) == 2
    assert "Did you mean 'append'?" in capsys.readouterr().err


def test_the_list_says_how_long_each_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--list"]) == 0
    shown = capsys.readouterr().out
    assert all(bench.name in shown and bench.minutes > 0 for bench in suite.BENCHES)


def test_all_that_run_without_a_name_are_done_within_forty_minutes() -> None:
    assert sum(bench.minutes for bench in suite.BENCHES if not bench.apart) <= 40
