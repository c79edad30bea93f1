"""Every way to predict expression. Torch is imported here and nowhere else."""
