"""Tests of the query services, over a real PostgreSQL."""
