"""Figures in a terminal: curves, matrices, tables and documents as lines of text."""
