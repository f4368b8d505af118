"""What crosses a border: the proto files, what is generated from them, and the refusals."""
