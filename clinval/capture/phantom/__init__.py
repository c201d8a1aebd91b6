"""Where to measure in slices of a phantom: the plan, the phantom in the picture, its regions."""
