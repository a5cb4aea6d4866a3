"""What the commands do that look at a model instead of serving it.

Nothing here is imported by a server.
"""
