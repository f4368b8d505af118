"""Commands that take more than one shard: a few steps at the edge, each safe to repeat."""
