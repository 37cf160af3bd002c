"""What makes the images; nothing of it is in the product."""
