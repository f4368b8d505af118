"""Adapters: what commands, projections, queries and the gateway stand on."""
