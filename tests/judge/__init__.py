"""Judges a run of Agora by what it left: the raw log, the tables, and what clients were answered.

Written apart from the product, from docs/reference/log-format.md and docs/behaviour.md: nothing of
Agora's own code is imported, so that a fault there is not repeated here.
"""
