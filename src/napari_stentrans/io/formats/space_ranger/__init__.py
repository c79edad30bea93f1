"""Space Ranger output: Visium spots, Visium HD bins, and the cells of Visium HD."""
