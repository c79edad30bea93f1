"""Work in the background: one job at a time, its progress and its failures."""
