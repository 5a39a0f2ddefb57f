"""The open map as an observable."""
