"""Who runs a command, as recorded next to its effects."""

import getpass
import socket


def operator_name() -> str:
    """The user and the machine, such as `ana@desk`. It is a note, not a proof."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a number that has no name.
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
