"""Journeys through the page in Debian's Chromium, over Agora's own processes on real servers."""
