"""Tests of the worker host."""
