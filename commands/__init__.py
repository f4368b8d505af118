"""Commands: pure deciders, and the log-fenced writer that turns decisions into facts."""
