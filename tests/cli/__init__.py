"""Tests of the `agora` command."""
