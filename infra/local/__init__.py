"""The stack on one machine: real servers and Agora's own processes, supervised."""
