"""Answers questions from the read models, and only what the viewer may see."""
