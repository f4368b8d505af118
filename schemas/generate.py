"""Generates schemas/gen from schemas/proto: modules, stubs, types and one descriptor set.

    python -m schemas.generate            write what changed
    python -m schemas.generate --check    write nothing; lint, compare, look for breaking changes
    python -m schemas.generate --accept   write, and make today's API the baseline

The output depends on the protos and the locked tools alone, so that equal inputs give equal bytes.
Exit codes: 0 done, 1 a finding, 2 usage or a proto that does not compile.
"""

import argparse
import importlib.resources
import sys
import sysconfig
import tempfile
from pathlib import Path

import google.api
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

from schemas.breaking import breaking_changes
from schemas.lint import lint
from schemas.validation import VALIDATE_PROTO

ROOT = Path(__file__).resolve().parents[1]
PROTO = ROOT / "schemas" / "proto"
GEN = ROOT / "schemas" / "gen"
BASELINE = ROOT / "schemas" / "baseline.binpb"
DESCRIPTORS = "agora.binpb"
OURS = "schemas/gen/"

INIT = '"""Generated from schemas/proto by `make proto`: never edited."""\n'
TOPLEVEL_IMPORT = "from buf.validate import validate_pb2 as"
REGISTERED_IMPORT = "from schemas import validation as"


class ProtoError(Exception):
    """A proto file does not compile; protoc has said why on stderr."""


def generate(target: Path) -> FileDescriptorSet:
    """Writes the whole of schemas/gen below `target` and returns the descriptor set in it.

    Raises ProtoError when a file does not compile.
    """
    with tempfile.TemporaryDirectory(prefix="agora-proto-") as scratch:
        validate, compiled = Path(scratch, "validate.binpb"), Path(scratch, DESCRIPTORS)
        validate.write_bytes(_validate_set().SerializeToString())
        _compile(target, validate, compiled)
        descriptors = _ours_commented(FileDescriptorSet.FromString(compiled.read_bytes()))
    output = target / "schemas" / "gen"
    for module in sorted(output.glob("*_pb2.py")):
        text = module.read_text(encoding="utf-8")
        module.write_text(text.replace(TOPLEVEL_IMPORT, REGISTERED_IMPORT), encoding="utf-8")
    (output / "__init__.py").write_text(INIT, encoding="utf-8")
    (output / DESCRIPTORS).write_bytes(descriptors.SerializeToString(deterministic=True))
    return descriptors


def _compile(target: Path, validate: Path, compiled: Path) -> None:
    scripts = Path(sysconfig.get_path("scripts"))
    includes = [
        f"-I{OURS.rstrip('/')}={PROTO}",
        f"-I{Path(google.api.__path__[0]).parents[1]}",
        f"-I{importlib.resources.files('grpc_tools') / '_proto'}",
    ]
    outputs = [
        f"--python_out={target}",
        f"--grpc_python_out={target}",
        f"--plugin=protoc-gen-mypy={scripts / 'protoc-gen-mypy'}",
        f"--mypy_out=quiet,readable_stubs:{target}",
        f"--plugin=protoc-gen-mypy_grpc={scripts / 'protoc-gen-mypy_grpc'}",
        f"--mypy_grpc_out=quiet,readable_stubs,only_async:{target}",
        "--include_imports",
        "--include_source_info",
        f"--descriptor_set_out={compiled}",
    ]
    files = sorted(f"{OURS}{path.name}" for path in PROTO.glob("*.proto"))
    arguments = ["protoc", *includes, f"--descriptor_set_in={validate}", *outputs, *files]
    if protoc.main(arguments) != 0:
        raise ProtoError


def _validate_set() -> FileDescriptorSet:
    return FileDescriptorSet(file=[FileDescriptorProto.FromString(VALIDATE_PROTO)])


def _ours_commented(descriptors: FileDescriptorSet) -> FileDescriptorSet:
    """Drops the comments of other people's files: nobody reads them, and they are most of it."""
    for file in descriptors.file:
        if not file.name.startswith(OURS):
            file.ClearField("source_code_info")
    return descriptors


def _bare(descriptors: FileDescriptorSet) -> FileDescriptorSet:
    """Our files without comments: what the baseline keeps."""
    ours = [file for file in descriptors.file if file.name.startswith(OURS)]
    bare = FileDescriptorSet(file=ours)
    for file in bare.file:
        file.ClearField("source_code_info")
    return bare


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def drift(fresh: dict[str, bytes], committed: dict[str, bytes]) -> list[str]:
    """Names each generated file that is missing, left over or different."""
    findings = [f"schemas/gen/{name}: missing" for name in fresh.keys() - committed.keys()]
    findings += [f"schemas/gen/{name}: left over" for name in committed.keys() - fresh.keys()]
    findings += [
        f"schemas/gen/{name}: differs"
        for name in fresh.keys() & committed.keys()
        if fresh[name] != committed[name]
    ]
    return sorted(findings)


def _write(fresh: dict[str, bytes], committed: dict[str, bytes]) -> None:
    for name in committed.keys() - fresh.keys():
        (GEN / name).unlink()
    for name, content in fresh.items():
        if committed.get(name) != content:
            (GEN / name).parent.mkdir(parents=True, exist_ok=True)
            (GEN / name).write_bytes(content)


def _findings(descriptors: FileDescriptorSet) -> list[str]:
    ours = [file for file in descriptors.file if file.name.startswith(OURS)]
    findings = lint(ours)
    if BASELINE.exists():
        before = FileDescriptorSet.FromString(BASELINE.read_bytes())
        findings += breaking_changes(before, _bare(descriptors))
    return findings


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--check", action="store_true", help="compare instead of writing")
    group.add_argument("--accept", action="store_true", help="make today's API the baseline")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="agora-gen-") as target:
        try:
            descriptors = generate(Path(target))
        except ProtoError:
            return 2
        fresh = _contents(Path(target) / "schemas" / "gen")
    if options.accept:
        BASELINE.write_bytes(_bare(descriptors).SerializeToString(deterministic=True))
    findings = _findings(descriptors)
    if options.check:
        findings += drift(fresh, _contents(GEN))
    else:
        _write(fresh, _contents(GEN))
    for finding in findings:
        print(finding, file=sys.stderr)
    if findings:
        hint = "make proto" if options.check else "mend the protos, or accept: ARGS=--accept"
        print(f"{len(findings)} finding(s); try: {hint}", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
