"""The dock that compares plans between two layouts: its controls, computation and pictures."""
