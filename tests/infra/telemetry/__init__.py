"""Tests of infra/telemetry."""
