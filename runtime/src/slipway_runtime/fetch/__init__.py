"""Get a model from where the user says it is: allowed, within its size, and verified."""
