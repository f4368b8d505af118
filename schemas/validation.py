"""buf.validate for the generated modules, from the descriptor inside the protovalidate package.

That package ships neither `validate.proto` nor a module for Google's runtime. So its descriptor
is registered here once; generated modules import this one in place of `buf.validate`, and the
gateway reads the rules through `FIELD` and `MESSAGE`.
"""

from typing import Any, Final, cast

from google.protobuf import (  # noqa: F401 - the registered file depends on all four
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    field_mask_pb2,
    timestamp_pb2,
)
from google.protobuf.descriptor import FieldDescriptor
from protovalidate._gen.buf.validate import validate_pb

VALIDATE_PROTO: Final = validate_pb.desc().proto.to_binary()
"""The FileDescriptorProto of `buf/validate/validate.proto`, serialized."""

_POOL: Final = cast("Any", descriptor_pool.Default())
_POOL.AddSerializedFile(VALIDATE_PROTO)

FIELD: Final = cast("FieldDescriptor", _POOL.FindExtensionByName("buf.validate.field"))
"""The extension of field options: `field.GetOptions().Extensions[FIELD].string.max_len`."""

MESSAGE: Final = cast("FieldDescriptor", _POOL.FindExtensionByName("buf.validate.message"))
"""The extension of message options, for rules over several fields."""
