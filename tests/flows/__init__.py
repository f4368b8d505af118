"""Whole features over real servers, with Agora's own processes as people run them."""
