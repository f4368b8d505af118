"""Faults planted into the product, each of which some test must catch.

Those of the writer are in `tests/simulation/plants.py`, where the simulator catches them.
"""
