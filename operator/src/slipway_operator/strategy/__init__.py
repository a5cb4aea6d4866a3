"""The rollout: pure decisions on which revisions run, which one is served, and when to look again.

State is read from the cluster's objects alone, never from the status, so that an operator may die
at any line. Nothing here reads the clock or writes anything.
"""
