"""Figures from theory and stored results: one module per paper, no torch, no pyplot state."""
