"""One widget a file; none knows another."""
