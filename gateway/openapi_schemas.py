"""JSON Schemas of messages, with the bounds from the proto files' validation rules."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway.routes import Misrouted
from gateway.scalars import DURATION, FIELD_MASK, FLOATS, INTEGERS, LONG, TIMESTAMP, id_kind
from schemas.validation import FIELD

Schema = dict[str, Any]

PUBLIC_ID: Final[Schema] = {"type": "string", "pattern": "^1[A-Za-z0-9_-]{22}$"}
WELL_KNOWN: Final[Mapping[str, Schema]] = {
    TIMESTAMP: {"type": "string", "format": "date-time"},
    DURATION: {"type": "string", "pattern": "^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$"},
    FIELD_MASK: {"type": "string", "description": "Names of fields, commas between."},
}
BOUNDS: Final = {
    "gte": "minimum",
    "lte": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
}
REFERENCE: Final = "#/components/schemas/"


class Schemas:
    """Collects the schemas that a document refers to; `components` has them by name.

    A message is described apart as a request and as an answer: what a request must have depends on
    rules, while an answer always has every field that has no presence.
    """

    def __init__(self, comments: Mapping[str, str]) -> None:
        self.components: dict[str, Schema] = {}
        self._comments = comments
        self._sources: dict[str, str] = {}

    def request(self, kind: Descriptor, without: Collection[str] = ()) -> Schema:
        """A reference to the schema of a request's body, where the path gives `without`."""
        fields = [field for field in kind.fields if field.name not in without]
        return self._reference(kind, fields, asked=True)

    def answer(self, kind: Descriptor) -> Schema:
        """A reference to the schema of an answer."""
        return self._reference(kind, list(kind.fields), asked=False)

    def field(self, field: FieldDescriptor, *, asked: bool) -> Schema:
        """The schema of one field, with its comment."""
        schema = self._typed(field, asked=asked)
        comment = self._comments.get(field.full_name)
        return schema | {"description": comment} if comment else schema

    def _reference(self, kind: Descriptor, fields: list[FieldDescriptor], *, asked: bool) -> Schema:
        name = kind.full_name.removeprefix(f"{kind.file.package}.").replace(".", "")
        source = f"{kind.full_name} {'asked' if asked else 'answered'}"
        if self._sources.setdefault(name, source) != source:
            name = f"{name}Input" if asked else f"{name}Output"
            if self._sources.setdefault(name, source) != source:
                raise Misrouted(f"two messages want to be called {name} in the API")
        if name not in self.components:
            schema = self.components[
                name
            ] = {}  # Before its fields, for types that hold themselves.
            schema |= self._object(kind, fields, asked=asked)
        return {"$ref": REFERENCE + name}

    def _object(self, kind: Descriptor, fields: list[FieldDescriptor], *, asked: bool) -> Schema:
        schema: Schema = {"type": "object"}
        if comment := self._comments.get(kind.full_name):
            schema["description"] = comment
        schema["properties"] = {field.json_name: self.field(field, asked=asked) for field in fields}
        needed = is_required if asked else _always_there
        if required := [field.json_name for field in fields if needed(field)]:
            schema["required"] = required
        if asked:
            schema["additionalProperties"] = False
        return schema

    def _typed(self, field: FieldDescriptor, *, asked: bool) -> Schema:
        kind = field.message_type
        if kind is not None and kind.GetOptions().map_entry:
            value = self._one(kind.fields_by_name["value"], asked=asked)
            return {"type": "object", "additionalProperties": value}
        rules = _rules(field)
        if not field.is_repeated:
            return self._one(field, asked=asked) | _constraints(field, rules, asked=asked)
        items = self._one(field, asked=asked)
        items |= _constraints(field, rules.repeated.items, asked=asked)
        return {"type": "array", "items": items} | _sizes(rules.repeated)

    def _one(self, field: FieldDescriptor, *, asked: bool) -> Schema:
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        kind = field.message_type
        if kind is None:
            return _scalar(field, asked=asked)
        if kind.full_name in WELL_KNOWN:
            return dict(WELL_KNOWN[kind.full_name])
        return self.request(kind) if asked else self.answer(kind)

    def _enum(self, kind: EnumDescriptor) -> Schema:
        if kind.name not in self.components:
            values = "; ".join(
                f"{value.name}: {self._comments[value_name]}"
                for value in kind.values
                # Values of an enum are named beside it, in what contains it.
                if (value_name := f"{kind.full_name}.{value.name}") in self._comments
            )
            comment = self._comments.get(kind.full_name, "")
            self.components[kind.name] = {
                "type": "string",
                "enum": [value.name for value in kind.values],
                "description": f"{comment} {values}".strip(),
            }
        return {"$ref": REFERENCE + kind.name}


def is_required(field: FieldDescriptor) -> bool:
    """Whether a request without the field is refused: by its rules, whatever they are."""
    rules = _rules(field)
    if field.containing_oneof is not None:
        return False
    if rules.required or (field.is_repeated and rules.repeated.min_items):
        return True
    if rules.ignore or field.is_repeated or field.message_type is not None:
        return False
    return bool(id_kind(field) or rules.string.min_len or rules.string.uuid)


def _rules(field: FieldDescriptor) -> Any:
    options: Any = field.GetOptions()  # The stubs know nothing of extensions made at run time.
    return options.Extensions[FIELD]


def _always_there(field: FieldDescriptor) -> bool:
    return not field.has_presence


def _scalar(field: FieldDescriptor, *, asked: bool) -> Schema:
    if id_kind(field):
        return dict(PUBLIC_ID)
    if limits := INTEGERS.get(field.cpp_type):
        if field.cpp_type in LONG:
            return {"type": ["string", "integer"] if asked else "string", "format": "int64"}
        return {"type": "integer", "format": "int32", "minimum": limits[0], "maximum": limits[1]}
    if field.cpp_type in FLOATS:
        return {"type": "number"}
    match field.type:
        case FieldDescriptor.TYPE_BOOL:
            return {"type": "boolean"}
        case FieldDescriptor.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        case _:
            return {"type": "string"}


def _constraints(field: FieldDescriptor, rules: Any, *, asked: bool) -> Schema:
    if not asked or id_kind(field):
        return {}
    text = rules.string
    schema: Schema = {}
    if text.min_len or (rules.required and field.type == FieldDescriptor.TYPE_STRING):
        schema["minLength"] = max(1, text.min_len)
    if text.max_len:
        schema["maxLength"] = text.max_len
    if allowed := list(getattr(text, "in")):
        schema["enum"] = ["", *allowed] if rules.ignore else allowed
    if text.pattern:
        # A rule that lets the empty text pass is one more alternative.
        schema["pattern"] = f"^$|{text.pattern}" if rules.ignore else text.pattern
    for kind in ("int32", "uint32", "float", "double"):
        if rules.HasField(kind):
            numbers = getattr(rules, kind)
            schema |= {
                word: getattr(numbers, bound)
                for bound, word in BOUNDS.items()
                if numbers.HasField(bound)
            }
    return schema


def _sizes(rules: Any) -> Schema:
    sizes = {"minItems": rules.min_items, "maxItems": rules.max_items}
    return {word: size for word, size in sizes.items() if size}
