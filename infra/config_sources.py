"""Where settings come from: defaults, one TOML file, the environment; later ones win.

Nothing here knows which settings exist. It walks a Struct of sections, each a Struct of settings,
so that adding a setting is adding one line to `infra/config.py`.
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

import msgspec

PREFIX: Final = "AGORA_"
CONFIG_VARIABLE: Final = "AGORA_CONFIG"
DEFAULT_FILE: Final = Path(".agora/agora.toml")
BY_DEFAULT: Final = "default"

T = TypeVar("T", bound=msgspec.Struct)


class SettingError(Exception):
    """A setting that cannot be used. The command line prints it and exits with 2."""

    def __init__(self, setting: str, problem: str, source: str) -> None:
        self.setting = setting
        self.problem = problem
        self.source = source
        super().__init__(f"{setting}: {problem} (from {source})")


class Setting(msgspec.Struct, frozen=True):
    """One place in the configuration: `section.name`, its type, default, meaning and secrecy.

    `form` says what a text must be, for people; empty where any will do, or its type says so.
    """

    section: str
    name: str
    kind: Any
    default: Any
    meaning: str
    secret: bool
    form: str = ""

    @property
    def path(self) -> str:
        """The name in files and messages, such as `kafka.bootstrap`."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it, such as `AGORA_KAFKA_BOOTSTRAP`."""
        return f"{PREFIX}{self.section}_{self.name}".upper()


def settings_of(shape: type[msgspec.Struct]) -> Iterator[Setting]:
    """Every setting that `shape` declares, section by section, in the order of its lines."""
    for section in msgspec.structs.fields(shape):
        kinds = get_type_hints(section.type, include_extras=True)
        for field in msgspec.structs.fields(section.type):
            notes = [
                note
                for note in getattr(kinds[field.name], "__metadata__", ())
                if isinstance(note, msgspec.Meta)
            ]
            extra: dict[str, Any] = {}
            for note in notes:
                extra |= note.extra or {}
            yield Setting(
                section=section.name,
                name=field.name,
                kind=kinds[field.name],
                default=field.default,
                meaning=next((note.description for note in notes if note.description), ""),
                secret=extra.get("secret", False),
                form=extra.get("form", ""),
            )


def resolve(
    shape: type[T], environ: Mapping[str, str], path: Path | None
) -> tuple[T, dict[str, str]]:
    """Build `shape` from all sources, with the source of every setting by its path.

    Raises SettingError for an unknown or unusable setting, and for a file that cannot be read.
    """
    declared = {setting.path: setting for setting in settings_of(shape)}
    values: dict[str, Any] = {name: setting.default for name, setting in declared.items()}
    sources = dict.fromkeys(declared, BY_DEFAULT)
    given = [*_from_file(environ, path, declared), *_from_environment(environ, declared)]
    for setting, value, source in given:
        values[setting.path] = _checked(setting, value, source)
        sources[setting.path] = source
    return _assembled(shape, values, sources), sources


def variables_of(settings: msgspec.Struct) -> dict[str, str]:
    """The environment that makes another process read the same settings."""
    values = {
        setting.variable: getattr(getattr(settings, setting.section), setting.name)
        for setting in settings_of(type(settings))
    }
    return {
        variable: str(value).lower() if isinstance(value, bool) else str(value)
        for variable, value in values.items()
    }


def file_in_use(environ: Mapping[str, str], path: Path | None) -> Path | None:
    """The file that settings are read from: the one named, else the usual one if it is there."""
    if path is not None:
        return path
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


Given = tuple[Setting, Any, str]


def _from_file(
    environ: Mapping[str, str], path: Path | None, declared: Mapping[str, Setting]
) -> Iterator[Given]:
    file = file_in_use(environ, path)
    if file is None:
        return
    sections = _sections(declared)
    for section, entries in _document(file).items():
        if isinstance(entries, dict) and section not in sections:
            problem = "there is no such section" + _nearest(section, sections)
            raise SettingError(section, problem, str(file))
        if not isinstance(entries, dict):
            problem = "stands outside a section" + _nearest(section, sections)
            raise SettingError(section, problem, str(file))
        for name, value in entries.items():
            wanted = f"{section}.{name}"
            if wanted not in declared:
                raise SettingError(wanted, _unknown(wanted, list(declared)), str(file))
            yield declared[wanted], value, str(file)


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise SettingError("settings file", reason, str(file)) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise SettingError("settings file", f"is not valid TOML: {problem}", str(file)) from problem


def _from_environment(
    environ: Mapping[str, str], declared: Mapping[str, Setting]
) -> Iterator[Given]:
    by_variable = {setting.variable: setting for setting in declared.values()}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable not in by_variable:
            candidates = [*by_variable, CONFIG_VARIABLE]
            raise SettingError(variable, _unknown(variable, candidates), "the environment")
        yield by_variable[variable], text, f"environment {variable}"


def _checked(setting: Setting, value: object, source: str) -> object:
    from_text = source.startswith("environment ")
    try:
        return msgspec.convert(value, setting.kind, strict=not from_text, dec_hook=_as_path)
    except msgspec.ValidationError as problem:
        said = f"must be {setting.form}" if setting.form and isinstance(value, str) else problem
        subject = "cannot be used" if setting.secret else f"cannot use {value!r}"
        raise SettingError(setting.path, f"{subject}: {said}", source) from None


def _assembled(shape: type[T], values: Mapping[str, Any], sources: Mapping[str, str]) -> T:
    sections: dict[str, msgspec.Struct] = {}
    for section in msgspec.structs.fields(shape):
        names = [field.name for field in msgspec.structs.fields(section.type)]
        try:
            sections[section.name] = section.type(
                **{name: values[f"{section.name}.{name}"] for name in names}
            )
        except ValueError as problem:
            changed = {sources[f"{section.name}.{name}"] for name in names} - {BY_DEFAULT}
            source = ", ".join(sorted(changed)) or BY_DEFAULT
            raise SettingError(section.name, str(problem), source) from problem
    return shape(**sections)


def _as_path(kind: type, value: object) -> Path:
    if kind is Path and isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    raise ValueError("Expected a path")


def _unknown(name: str, known: list[str]) -> str:
    return "there is no such setting" + _nearest(name, known)


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _sections(declared: Mapping[str, Setting]) -> list[str]:
    return sorted({setting.section for setting in declared.values()})
