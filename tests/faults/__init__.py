"""The command side on real servers while processes are killed, paused and cut off under load."""
