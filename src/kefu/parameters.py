"""The base of every typed parameter group: frozen, and unknown names are refused."""

from pydantic import BaseModel, ConfigDict


class Parameters(BaseModel):
    """A group of parameters as it stands in ``conf/*/parameters``.

    Frozen, so a node cannot change what another node was given; unknown names are refused, so that a
    misspelt parameter is an error instead of a silent default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
