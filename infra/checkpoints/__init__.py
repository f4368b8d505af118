"""State checkpoints of the partition writers, in Postgres."""
