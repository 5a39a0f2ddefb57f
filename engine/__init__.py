"""Differentiable shortest paths and optimal transport on grids: arrays in, arrays out."""
