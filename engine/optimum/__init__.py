"""The longest shortest path that admissible maps can have, by a primal–dual method, with an upper bound."""
