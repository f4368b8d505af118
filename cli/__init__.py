"""The `agora` command: the composition root, and the only place that may import every side."""
