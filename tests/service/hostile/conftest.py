"""Modules of this folder import one another by name, as the benchmark does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
