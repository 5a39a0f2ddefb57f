"""Design runs: Adam changes a cost map step by step until paths on it are as wanted."""
