"""Models folded anew from the whole log: to build them, and to compare them with what is there."""
