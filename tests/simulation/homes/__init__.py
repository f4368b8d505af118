"""Homes under seeded schedules: the product's fan-out, refills and reads over simulated servers.

`town` puts the product's own parts into processes, over `database`, `cache` and `links`; `trouble`
does to them what happens to processes and servers; `checks` compares every page with plain truth.
"""
