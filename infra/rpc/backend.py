"""The calling interface that a dispatcher in this process and a channel to another one share."""

from collections.abc import Mapping
from typing import Protocol

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message


class RpcFailed(Exception):
    """The call ended by a bug on the answering side, which has logged it. Answered INTERNAL.

    The text names the rpc and nothing else: causes stay where they were logged.
    """


class Backend(Protocol):
    """One side of Agora (commands, queries), called by the full path of its methods."""

    @property
    def methods(self) -> Mapping[str, MethodDescriptor]:
        """Every method by its path, such as `/agora.graph.v1.GraphCommands/Follow`."""
        ...

    async def call(
        self, path: str, message: Message, metadata: Mapping[str, str], timeout_s: float
    ) -> Message:
        """The method's answer. `metadata` is as infra.rpc.metadata names it.

        Raises a Refusal for an answer that says no, RpcFailed for a bug on the other side, and
        KeyError for a path that is not among `methods`. The message may be normalised in place.
        """
        ...


def path_of(method: MethodDescriptor) -> str:
    """The path of a method on the wire, `/package.Service/Method`."""
    return f"/{method.containing_service.full_name}/{method.name}"


def rpc_name(method: MethodDescriptor) -> str:
    """The short name in calls, metrics and request ids: `accounts.SignIn`.

    The context is the package without the product's name and the version: `agora.accounts.v1`.
    """
    package = method.containing_service.file.package.split(".")
    return f"{package[-2]}.{method.name}"
