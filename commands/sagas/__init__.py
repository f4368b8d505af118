"""Commands that involve several shards: a few steps at the edge, each safe to repeat."""
