"""Who a caller is: passwords, access tokens, and sessions that were closed."""
