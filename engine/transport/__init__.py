"""Entropic and exact optimal transport between weighted points."""
