"""Answers questions from the read models, with only what the viewer may see."""
