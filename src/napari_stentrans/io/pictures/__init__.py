"""Pictures of the tissue, of any size: kept reduced, and read at full size in parts."""
