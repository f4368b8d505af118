"""Connections to PostgreSQL and the deployment's schema in it."""
