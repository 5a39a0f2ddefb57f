"""What every room of the program uses: jobs, preferences, style, icons."""
