"""The house rules as tests: shape, grid, protos, documents."""
