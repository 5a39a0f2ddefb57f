"""Networks trained through shortest paths and transport."""
