"""What readers share: counts and places made into a section. Knows no file format."""
