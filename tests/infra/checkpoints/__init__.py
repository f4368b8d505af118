"""Tests of state checkpoints in Postgres."""
