"""Remote procedure calls: one calling interface, whether the other side is a hop away or here."""
