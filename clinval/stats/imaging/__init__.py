"""Quality of images of phantoms."""
