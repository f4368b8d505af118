"""Tests of live updates at the gateway."""
