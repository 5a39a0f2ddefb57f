"""The main window, its commands, and how it starts."""
