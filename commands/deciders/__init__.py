"""Deciders, one module per context: a command and the states it needs, turned into events."""
