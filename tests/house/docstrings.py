"""Which public classes and methods still need a docstring.

Modules and functions are ruff's business. Classes need more judgement: a fact or a command is
documented by its name and fields, an rpc by its proto file, an overriding method by what it
overrides.
"""

import ast
from collections.abc import Iterable, Iterator

from tests.house.sources import Source

Documented = dict[str, frozenset[str]]


def documented_methods(sources: Iterable[Source]) -> Documented:
    """Class name -> its methods that have a docstring, over the whole project."""
    return {
        node.name: frozenset(
            method.name for method in _methods(node) if ast.get_docstring(method) is not None
        )
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
    }


def undocumented(source: Source, known: Documented) -> Iterator[str]:
    """A sentence for each public class or method of the file that lacks a docstring."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            where = f"{source.path}:{node.lineno} class {node.name}"
            if ast.get_docstring(node) is None and not _is_tagged(node):
                yield f"{where} has no docstring"
            for method in _methods(node):
                if _needs_docstring(method, node, known):
                    yield f"{where}: {method.name} has no docstring"


def _methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for item in node.body:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            yield item


def _is_tagged(node: ast.ClassDef) -> bool:
    return any(keyword.arg == "tag" for keyword in node.keywords)


def _needs_docstring(
    method: ast.FunctionDef | ast.AsyncFunctionDef, owner: ast.ClassDef, known: Documented
) -> bool:
    if method.name.startswith("_") or ast.get_docstring(method) is not None:
        return False
    bases = [ast.unparse(base).split("[")[0].split(".")[-1] for base in owner.bases]
    if any(base.endswith("Servicer") for base in bases) and method.name[0].isupper():
        return False
    return not any(method.name in known.get(base, frozenset()) for base in bases)
