"""Commands: pure deciders, and the log-fenced writer that makes their decisions facts."""
