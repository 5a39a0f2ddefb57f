"""Bytes of a file before and after a save."""

OLD, NEW = b"old " * 300, b"new map " * 50_000
