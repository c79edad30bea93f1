"""What the viewer shows: our layers, found, made and arranged."""
