"""Tests of infra/crypto."""
