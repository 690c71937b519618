"""The page that customers see: plain files, served as they lie here."""

from pathlib import Path

FOLDER = Path(__file__).parent
