"""The whole of Agora on real servers while everything is killed, paused, cut off and filled up."""
