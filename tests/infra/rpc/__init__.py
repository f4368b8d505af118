"""Tests of infra/rpc."""
