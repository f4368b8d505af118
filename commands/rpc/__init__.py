"""The command services, one module for each context."""
