"""The worker host: Faust delivers, subscribers keep their own place in the log."""
