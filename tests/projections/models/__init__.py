"""What each read model makes of each event."""
