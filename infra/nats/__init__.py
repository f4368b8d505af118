"""NATS: live hints from the projections to whoever shows pages."""
