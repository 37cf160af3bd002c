"""A real commute: sources that agree, and pictures of the scenes found on it."""
