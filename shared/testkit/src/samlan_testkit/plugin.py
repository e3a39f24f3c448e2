"""The pytest plugin of the repository's tests."""
