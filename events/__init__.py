"""The facts of Agora and how they fold. Pure: no I/O, no clock, no randomness."""
