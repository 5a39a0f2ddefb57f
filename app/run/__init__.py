"""A run from start to end: its thread, its model, what the window shows of it."""
