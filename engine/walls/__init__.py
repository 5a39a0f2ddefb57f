"""Cells become walls, or stop being walls, until the shortest paths are as long as can be."""
