"""The edge: HTTP and JSON, derived from the proto files."""
