"""One page for each read model: its tables, its changes, its hints. Pure."""
