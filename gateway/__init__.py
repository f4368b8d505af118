"""The edge: HTTP and JSON, made from the proto files."""
