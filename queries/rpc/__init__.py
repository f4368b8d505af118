"""The query services, one module for each context."""
