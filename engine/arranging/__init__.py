"""Terrain on tiles, rearranged so that the paths of every kind of walker become longer, shorter or as asked."""
