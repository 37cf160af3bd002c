"""Speed and memory, side by side with other tools; each benchmark is one command."""
