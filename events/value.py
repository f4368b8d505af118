"""The base of small frozen data that exists in great numbers."""

from msgspec import Struct


class Value(Struct, frozen=True, gc=False):
    """Frozen data made of nothing but frozen data.

    Nothing in it can lead back to it, so the garbage collector need not look at it: an owner has
    hundreds of thousands of these in memory, and each command makes a dozen. Whatever may hold a
    task, a future or an exception is no value.
    """
