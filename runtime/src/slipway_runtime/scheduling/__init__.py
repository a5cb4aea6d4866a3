"""What runs when: on the event loop, in threads, or joined with others into one run."""
