"""Tests of the sagas, over deciders in memory."""
