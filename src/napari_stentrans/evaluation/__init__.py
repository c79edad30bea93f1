"""Hiding measured spots, and scoring what was hidden."""
