"""Tests of the log in Kafka."""
