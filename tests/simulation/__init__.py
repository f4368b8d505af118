"""The writer under simulated time, log, store and network: seeded, so a failing seed is a test.

The code under test is the product's own, unchanged. Only what it talks to is simulated.
"""
