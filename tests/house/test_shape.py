"""The whole project keeps its shape, and each rule of shape bites."""

from collections.abc import Callable, Iterator

import pytest

from tests.house import docstrings, shape
from tests.house.duplicates import duplicated_blocks
from tests.house.sources import Source, python, texts

Rule = Callable[[Source], Iterator[str]]

NAMES_THE_WORDS = {"tests/house/shape.py", "tests/house/test_shape.py"}
OF_PYTHON: list[Rule] = [
    shape.long_functions,
    shape.vague_names,
    shape.impure_calls,
    shape.silent_skips,
]
OF_TEXT: list[Rule] = [shape.long_files, shape.unfinished, shape.places]


@pytest.mark.parametrize("rule", OF_PYTHON, ids=lambda rule: rule.__name__)
def test_no_module_has(rule: Rule) -> None:
    assert not [breach for source in python() for breach in rule(source)]


@pytest.mark.parametrize("rule", OF_TEXT, ids=lambda rule: rule.__name__)
def test_no_file_has(rule: Rule) -> None:
    written = [source for source in texts() if source.path not in NAMES_THE_WORDS | {"LICENSE"}]
    assert not [breach for source in written for breach in rule(source)]


def test_every_public_class_and_method_is_documented() -> None:
    known = docstrings.documented_methods(python())
    code = [source for source in python() if not source.path.startswith("tests/")]
    assert not [breach for source in code for breach in docstrings.undocumented(source, known)]


def test_no_block_of_code_stands_twice() -> None:
    assert not list(duplicated_blocks(python()))


PLANTED: list[tuple[Rule, str, str]] = [
    (shape.long_files, "events/a.py", "x = 1\n" * 401),
    (shape.long_functions, "events/a.py", "def f():\n" + "    x = 1\n" * 50),
    (shape.vague_names, "infra/kafka_utils.py", ""),
    (shape.vague_names, "infra/base.py", ""),
    (shape.vague_names, "infra/a.py", "def get_rows(): ..."),
    (shape.vague_names, "infra/a.py", "class PostManager: ..."),
    (shape.vague_names, "infra/a.py", "class AbstractPost: ..."),
    (shape.unfinished, "docs/a.md", "TODO: write"),
    (shape.unfinished, "infra/a.py", "raise NotImplementedError"),
    (shape.places, "Makefile", "cp /work/main/x y"),
    (shape.places, "requirements.lock", "--index-url https://example.org"),
    (shape.impure_calls, "events/a.py", "at = datetime.now(UTC)"),
    (shape.impure_calls, "commands/deciders/a.py", "key = uuid4()"),
    (shape.silent_skips, "tests/test_a.py", "@pytest.mark.skip\ndef test_a(): ..."),
    (shape.silent_skips, "tests/test_a.py", "@pytest.mark.skipif(True)\ndef test_a(): ..."),
    (shape.silent_skips, "tests/test_a.py", "pytest.skip()"),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_a_planted_breach_is_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path=path, text=text)))


ALLOWED: list[tuple[Rule, str, str]] = [
    (shape.vague_names, "infra/database.py", "def widget(): ..."),
    (shape.vague_names, "tests/a.py", "class A(asyncio.B):\n  def get_debug(self): ..."),
    (shape.places, "gateway/a.py", 'route = "/v1/home/posts"'),
    (shape.impure_calls, "infra/clock.py", "at = datetime.now(UTC)"),
    (shape.silent_skips, "tests/test_a.py", "@pytest.mark.skipif(True, reason='no Chromium')"
     "\ndef test_a(): ..."),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED)
def test_what_is_allowed_is_not_found(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Source(path=path, text=text)))


def test_an_undocumented_class_is_found_unless_it_is_a_fact_or_overrides() -> None:
    port = Source(path="infra/port.py", text='class Log:\n  def end(self):\n    """End."""')
    known = docstrings.documented_methods([port])

    def breaches(text: str) -> int:
        return len(list(docstrings.undocumented(Source(path="infra/a.py", text=text), known)))

    assert breaches("class Writer: ...") == 1
    assert breaches('class Writer:\n  """W."""\n  def end(self): ...') == 1
    assert breaches('class Kafka(Log):\n  """K."""\n  def end(self): ...') == 0
    assert breaches("class Followed(Event, tag='followed'): ...") == 0
    assert breaches('class Graph(GraphServicer):\n  """G."""\n  def Follow(self): ...') == 0


def test_a_copied_block_is_found() -> None:
    block = "\n".join(f"x{line} = compute({line})" for line in range(14))
    copies = [Source(path=path, text=block) for path in ("infra/a.py", "infra/b.py")]
    assert list(duplicated_blocks(copies))
    assert not list(duplicated_blocks(copies[:1]))
