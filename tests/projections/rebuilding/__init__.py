"""Tests of building and verifying models from the whole log."""
