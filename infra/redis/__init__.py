"""Redis: caches only. It may be emptied, restarted, slow or down, and nothing is lost.

`port` says what the timelines of home feeds are, `entries` and `scripts` how Redis holds them, and
`timelines` and `markers` do it. docs/adr/0016-timelines-are-candidate-sets.md says why the answers
are right all the same.
"""
