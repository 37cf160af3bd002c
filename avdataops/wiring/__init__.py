"""Settings to objects: the only joins of ports to adapters."""
