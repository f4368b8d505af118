"""The facts and how they fold."""
