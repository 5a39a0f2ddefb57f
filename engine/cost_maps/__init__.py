"""The cost map as a design variable: admissible maps, their parameters, objectives, proofs, coarser levels."""
