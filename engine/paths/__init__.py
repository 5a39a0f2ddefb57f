"""Shortest paths: exact, soft, and differentiable by the cost map."""
