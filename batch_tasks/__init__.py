"""What a batch service starts: each file a few lines over the engine."""
