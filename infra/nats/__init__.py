"""NATS: live news from the projections to the gateways."""
