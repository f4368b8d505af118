"""Logs, metrics and traces of every Agora process."""
