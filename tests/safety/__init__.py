"""What must not be seen is not seen: people at random, and each lane of each model delayed."""
