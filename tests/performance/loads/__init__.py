"""What is asked in a benchmark, at which pace, and how its outcome is watched."""
