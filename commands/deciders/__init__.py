"""Deciders, one module for each context: a command and the states it needs become events."""
