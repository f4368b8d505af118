"""The log-fenced single writer of a partition (docs/adr/0001-log-fenced-writer.md)."""
