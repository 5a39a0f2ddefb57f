"""Point layouts that move towards other layouts by transport cost."""
