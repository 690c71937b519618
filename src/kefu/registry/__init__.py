"""Trained models side by side: what each rests on, which is better, and which is the one to use."""
