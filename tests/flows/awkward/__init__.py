"""Awkward orders: stories in which somebody is shut out while a part of the read side rests."""
