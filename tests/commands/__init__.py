"""Tests of the command side."""
