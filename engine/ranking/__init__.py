"""Ranks, sorted values, quantiles and the k largest, differentiable by one-dimensional transport."""
