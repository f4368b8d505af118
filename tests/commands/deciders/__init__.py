"""Tests of the deciders, without servers or mocks."""
