"""The case: a shop on disk with several faults, and a host that runs it for real."""
