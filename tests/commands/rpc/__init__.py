"""Tests of the command services."""
