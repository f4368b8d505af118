"""What crosses a process boundary: the proto files, their generated code, and the refusals."""
