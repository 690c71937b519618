"""Demo tickets: a synthetic online shop with English and Chinese customers."""
