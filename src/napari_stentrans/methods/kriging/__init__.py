"""Gene programmes interpolated by kriging: strong baseline and instant preview."""
