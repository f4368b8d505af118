"""Tests of the hints over NATS."""
