"""The longest shortest path there is, by a primal–dual method."""
