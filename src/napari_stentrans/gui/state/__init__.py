"""What was chosen and what exists: evented, and free of napari and Qt."""
