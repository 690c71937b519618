"""Importers: functions that read a data set in the layout it comes in, and return it as a table of tickets.

A catalog entry of type :class:`kefu.datasets.ImportedTicketsDataset` names one; nothing is copied or written. See
``docs/datasets.md`` for how a data set becomes an environment.
"""

from kefu.importers.contract import Importer, import_tickets

__all__ = ["Importer", "import_tickets"]
