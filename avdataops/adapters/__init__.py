"""What the ports look like in this world: folders, SQLite, process pools."""
