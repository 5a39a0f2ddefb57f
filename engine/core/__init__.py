"""What every wing stands on: arrays, the grid and its moves, devices, endings and refusals."""
