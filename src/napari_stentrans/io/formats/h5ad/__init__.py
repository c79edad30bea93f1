"""AnnData in all its dialects: what of it are counts, positions, section, picture."""
