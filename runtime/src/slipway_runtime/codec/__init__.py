"""Between bytes on the wire and tensors, strictly: nothing is rounded, guessed or cut."""
