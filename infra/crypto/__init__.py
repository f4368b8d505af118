"""Keys, seals, digests and public ids."""
