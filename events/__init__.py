"""The facts of Agora and how they fold. Pure: no input or output, no clock, no randomness."""
