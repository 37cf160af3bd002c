"""Raw CAN logs without an index: Vector BLF, Vector ASC, candump."""
