"""The map document, its edits and history, its file formats and the sample maps. Neither Qt nor torch."""
