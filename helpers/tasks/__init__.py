"""What make runs, before there is a package: standard library only, and run by its path."""
