"""Maps of the Tiled editor, `.tmx` and `.tmj`: read with their tilesets, given back with what changed."""
