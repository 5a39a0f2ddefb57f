# A grid for path finding from a map's JSON, written by Longcut. Godot 4.1 and later.
#
#   var grid = preload("NAME.astar.gd").load_grid("res://levels/NAME.astar.json")
#   var cells = grid.get_id_path(Vector2i(1, 16), Vector2i(30, 16))
#
# For a movement class of the map give its name too: load_grid("res://…", "boat").
#
# A weight is what a step into its cell costs for each unit of the step's length, times `scale`
# of the JSON, so that none is below 1: below 1 AStarGrid2D finds paths that are not the shortest.
# Do not switch on `jumping_enabled`, which ignores weights, and do not change region or sizes
# afterwards: update() forgets the weights.

static func load_grid(path: String, walker: String = "") -> AStarGrid2D:
	return grid_of(load(path).data, walker)


static func grid_of(map: Dictionary, walker: String = "") -> AStarGrid2D:
	var movement = map["movements"][walker]
	var width = int(map["width"])
	var height = int(map["height"])
	var grid = AStarGrid2D.new()
	grid.region = Rect2i(0, 0, width, height)
	grid.cell_size = Vector2(map["cell_size"][0], map["cell_size"][1])
	grid.offset = grid.cell_size / 2.0
	grid.diagonal_mode = {
		"ALWAYS": AStarGrid2D.DIAGONAL_MODE_ALWAYS,
		"NEVER": AStarGrid2D.DIAGONAL_MODE_NEVER,
		"AT_LEAST_ONE_WALKABLE": AStarGrid2D.DIAGONAL_MODE_AT_LEAST_ONE_WALKABLE,
		"ONLY_IF_NO_OBSTACLES": AStarGrid2D.DIAGONAL_MODE_ONLY_IF_NO_OBSTACLES,
	}[movement["diagonal_mode"]]
	grid.default_compute_heuristic = AStarGrid2D.HEURISTIC_EUCLIDEAN
	# The way that is left at weight 1: never longer than it is, so that paths are the shortest.
	grid.default_estimate_heuristic = AStarGrid2D.HEURISTIC_OCTILE
	if movement["diagonal_mode"] == "NEVER":
		grid.default_estimate_heuristic = AStarGrid2D.HEURISTIC_MANHATTAN
	grid.jumping_enabled = false
	grid.update()
	var weights = movement["weights"]
	for y in range(height):
		for x in range(width):
			var weight = weights[y * width + x]
			if weight == 0:
				grid.set_point_solid(Vector2i(x, y), true)
			else:
				grid.set_point_weight_scale(Vector2i(x, y), weight)
	return grid
