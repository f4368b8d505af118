"""Tests of the home feed read through its cache."""
