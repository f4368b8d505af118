"""The log: Kafka behind one small port."""
