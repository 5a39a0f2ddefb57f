"""The dock that compares plans between two layouts: what is asked, what is worked out, what is shown."""
