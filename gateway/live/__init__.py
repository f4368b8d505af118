"""Live updates: from the news that projections tell to the pages that may be told of it."""
