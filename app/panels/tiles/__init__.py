"""The table of a map's tiles: which terrain each is, and what terrains cost."""
