"""The edge: HTTP/JSON and server-sent events, made from the proto files."""
