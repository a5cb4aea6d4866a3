"""What runs a model. `base` is the seam; each other module is one way to fill it."""
