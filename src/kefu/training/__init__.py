"""Training: objective, data, trainer, reproducibility."""
