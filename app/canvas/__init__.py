"""The map on the screen: what is drawn, and how."""
