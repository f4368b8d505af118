"""The gateway over real HTTP, in front of services in the same process."""
