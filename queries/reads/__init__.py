"""The SQL of each context."""
