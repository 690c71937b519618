"""The parameters of everything that is decided about whole tickets."""

from kefu.parameters import Parameters
from kefu.tickets.duplicates import DuplicateParameters
from kefu.tickets.labels import LabelParameters
from kefu.tickets.splits import SplitParameters


class TicketParameters(Parameters):
    """How tickets are sieved, compared and divided."""

    labels: LabelParameters = LabelParameters()
    duplicates: DuplicateParameters = DuplicateParameters()
    splits: SplitParameters = SplitParameters()
