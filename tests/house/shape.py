"""The rules of shape: each takes one file and yields a sentence for each breach.

They bound what a reader must hold in mind at once. A file that grows past them is asking to be
two files; raising a number here is not the answer.
"""

import ast
import re
from collections.abc import Iterator

from tests.house.sources import Source

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50

VAGUE_FILE = re.compile(r"(^|_)(utils?|helpers?|common|misc|base|core|managers?)(_|$)")
VAGUE_FUNCTION = re.compile(r"^_?(get_|handle_stuff)")
VAGUE_CLASS = re.compile(r"^_?Abstract|(Manager|Impl|Helper|Utils?)$")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
PLACE = re.compile(
    r"(?<![\w.}~-])/(?:work|root|home/\w+|Users/\w+)/"
    r"|pypi\.org|pythonhosted\.org|registry\.npmjs\.org|npmmirror|repo1?\.maven|deb\.debian\.org"
    r"|proxy\.golang\.org|(?:index|static)\.crates\.io|--(?:extra-)?index-url"
)
PURE = ("events/", "commands/deciders/", "projections/models/", "queries/visibility")
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7"}
SKIPS = {"skip", "skipif", "xfail"}
OUTPUT = {"open", "print", "input"}

Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


def long_files(source: Source) -> Iterator[str]:
    """More lines than a reader keeps in view."""
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield f"{source.path}: {lines} lines, at most {FILE_LINES_MAX}"


def long_functions(source: Source) -> Iterator[str]:
    """Functions that do not fit on a screen."""
    for node in ast.walk(source.tree):
        if isinstance(node, Functions):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                where = f"{source.path}:{node.lineno} {node.name}"
                yield f"{where}: {lines} lines, at most {FUNCTION_LINES_MAX}"


def vague_names(source: Source) -> Iterator[str]:
    """Names that say where a thing was put rather than what it is."""
    if VAGUE_FILE.search(source.stem):
        yield f"{source.path}: a file is named after its idea"
    dictated = set(_dictated(source.tree))
    for node in ast.walk(source.tree):
        pattern = VAGUE_CLASS if isinstance(node, ast.ClassDef) else VAGUE_FUNCTION
        if not isinstance(node, (ast.ClassDef, *Functions)) or node in dictated:
            continue
        if pattern.search(node.name):
            yield f"{source.path}:{node.lineno} {node.name}: a name says what it is or returns"


def _dictated(tree: ast.Module) -> Iterator[ast.stmt]:
    """The methods of classes that extend a library's, written `library.Class`: its names rule."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Attribute) for b in node.bases):
            yield from node.body


def unfinished(source: Source) -> Iterator[str]:
    """Work left for later inside the text."""
    for number, line in enumerate(source.text.splitlines(), start=1):
        if found := UNFINISHED.search(line):
            yield f"{source.path}:{number}: {found[0]}"


def places(source: Source) -> Iterator[str]:
    """Paths of one machine and addresses of package indexes: they differ everywhere else."""
    for number, line in enumerate(source.text.splitlines(), start=1):
        if found := PLACE.search(line):
            yield f"{source.path}:{number}: {found[0]}"


def impure_calls(source: Source) -> Iterator[str]:
    """Clocks, chance and output where ids and `now` must arrive in the command."""
    if not source.path.startswith(PURE):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = _last_name(node.func)
            bare = isinstance(node.func, ast.Name)
            if name in IMPURE_CALLS or (bare and name in OUTPUT):
                yield f"{source.path}:{node.lineno}: {name}() in a pure module"


def silent_skips(source: Source) -> Iterator[str]:
    """Tests that are left out without saying why."""
    nodes = list(ast.walk(source.tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    reasoned = [call.func for call in calls if any(word.arg == "reason" for word in call.keywords)]
    marks = [node for node in nodes if isinstance(node, ast.Attribute) and node.attr in SKIPS]
    for mark in marks:
        if _last_name(mark.value) == "mark" and mark not in reasoned:
            yield f"{source.path}:{mark.lineno}: {mark.attr} without a reason"
    for call in calls:
        if ast.unparse(call.func) == "pytest.skip" and not call.args and not call.keywords:
            yield f"{source.path}:{call.lineno}: skip without a reason"


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
