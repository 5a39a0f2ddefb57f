"""The desktop program and the command line: documents in, engine runs, documents out."""
