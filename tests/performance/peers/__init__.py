"""What Agora is measured beside, written as people who use it would write it."""
