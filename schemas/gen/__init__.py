"""Generated from schemas/proto by `make proto`: never edited."""
