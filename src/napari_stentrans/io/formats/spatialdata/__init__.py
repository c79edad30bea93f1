"""SpatialData: a table, what it annotates, and the picture that it lies on."""
