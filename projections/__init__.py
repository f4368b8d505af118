"""Writes the read models: models (pure), and the worker that applies them."""
