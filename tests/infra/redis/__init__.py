"""Tests of what Redis keeps, and the stand-in for it."""
