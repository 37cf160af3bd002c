"""MDF 4: measured channels and bus logging."""
