"""Tools to test the local cluster on an instance of its own."""
