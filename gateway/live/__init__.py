"""Live updates: from the news that projections publish to the pages that may see it."""
