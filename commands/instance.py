"""One command process as those in it see it who route commands and look after ownership."""

from collections.abc import Mapping

from msgspec import Struct

from commands.peers import Peers
from commands.tenures import Tenures
from commands.writer.partition import PartitionWriter
from events.tenure import Tenure
from events.topics import Partition


class Instance(Struct, frozen=True):
    """This process, what it has read of ownership, and its way to the others.

    `me` is how its claims name it. It has a writer for each partition, whoever owns that now.
    """

    me: str
    writers: Mapping[Partition, PartitionWriter]
    tenures: Tenures
    peers: Peers

    def owned_elsewhere(self, tenure: Tenure) -> bool:
        """Whether another process holds the partition of the tenure."""
        return tenure.held and tenure.owner != self.me
