"""Runs of Adam that change a cost map step by step."""
