"""The cost map as a design variable: what is admissible, its parameters, its objectives, its certificate."""
