"""Puts a fault into one function of the product while a block runs, and takes it out again."""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

from msgspec import Struct


class Outdated(Exception):
    """The plant no longer fits the code that it was made for."""


class Plant(Struct, frozen=True):
    """A fault: `was` becomes `becomes` in the function at `where` (`package.module:Class.name`).

    Of several lines, all but the first are indented as if the first began a line. `wrong` says what
    the product does then; `caught_by` is the test that must fail.
    """

    wrong: str
    where: str
    was: str
    becomes: str
    caught_by: str


@contextmanager
def planted(plant: Plant) -> Iterator[None]:
    """The block runs with the fault in place, whoever holds the function; raises Outdated."""
    function = _function(plant.where)
    sound = function.__code__
    function.__code__ = _code(plant, function)
    try:
        yield
    finally:
        function.__code__ = sound


def _function(where: str) -> FunctionType:
    module, _, path = where.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = inspect.getattr_static(found, name, None)
    if isinstance(found, property):
        found = found.fget
    found = inspect.unwrap(found) if found is not None else None
    if not isinstance(found, FunctionType):
        raise Outdated(f"There is no function {where}.")
    return found


def _code(plant: Plant, function: FunctionType) -> CodeType:
    """The function's code with the fault in it."""
    source = textwrap.dedent(inspect.getsource(function))
    margin = "\n" + _indentation(source, plant.was.partition("\n")[0])
    was, becomes = (text.replace("\n", margin) for text in (plant.was, plant.becomes))
    if source.count(was) != 1:
        raise Outdated(f"{plant.where} has {plant.was!r} {source.count(was)} times, not once.")
    tree = ast.parse(source.replace(was, becomes))
    [definition] = tree.body
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    definition.decorator_list = []
    names: dict[str, Any] = {}
    module = compile(tree, inspect.getfile(function), "exec")
    exec(module, dict(function.__globals__), names)
    made = names[definition.name]
    if made.__code__.co_freevars != function.__code__.co_freevars:
        raise Outdated(f"{plant.where} closes over {function.__code__.co_freevars}.")
    code: CodeType = made.__code__
    return code


def _indentation(source: str, words: str) -> str:
    """What stands before the first line that has the words."""
    line = next((line for line in source.splitlines() if words in line), "")
    return line[: len(line) - len(line.lstrip())]
