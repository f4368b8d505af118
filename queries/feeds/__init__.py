"""The home feed through its cached timeline: skeleton, hydration, rules.

A timeline only says which posts may be there. What is on the page is decided by PostgreSQL and the
rules, as it is for `queries.reads.feeds.home`, which answers whenever the cache cannot
(docs/adr/0016-timelines-are-candidate-sets.md).
"""
