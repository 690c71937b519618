"""Feedback of a service: what agents corrected and customers judged, as tickets to learn from."""

from kefu.feedback.judged import JudgedMessage, Source, label_of
from kefu.feedback.tables import Added, ReadMedia, add_to_table, write_folder

__all__ = ["Added", "JudgedMessage", "ReadMedia", "Source", "add_to_table", "label_of", "write_folder"]
