"""What the demo shop's tickets are like."""

from typing import Self

from pydantic import Field, model_validator

from kefu.parameters import Parameters


class DemoParameters(Parameters):
    """How many synthetic tickets are made, how hard they are and how much of them is missing or broken.

    ``clear_share`` of what customers write, photograph or say settles the matter, ``paired_share`` fits two
    intents, and the rest says nothing: see :mod:`kefu.demo.intents`.
    """

    num_tickets: int = Field(1200, ge=0, description="Tickets in the table; the first n are the same for any number")
    tickets_per_shard: int = Field(200, ge=1, description="Tickets made and written at a time")
    seed: int = Field(0, ge=0, description="Another seed is another shop")
    chinese_share: float = Field(0.5, ge=0, le=1, description="Share of the customers who speak Chinese")
    clear_share: float = Field(0.5, ge=0, le=1, description="Share of messages, pictures and calls that settle it")
    paired_share: float = Field(0.42, ge=0, le=1, description="Share of those that fit two intents")
    text_missing_share: float = Field(0.10, ge=0, lt=1, description="Share of the tickets without a text")
    image_missing_share: float = Field(0.15, ge=0, lt=1, description="Share of the tickets without a picture")
    audio_missing_share: float = Field(0.20, ge=0, lt=1, description="Share of the tickets without a recording")
    defect_share: float = Field(0.05, ge=0, le=1, description="Share of the tickets that are broken on purpose")
    typo_share: float = Field(0.3, ge=0, le=1, description="Share of the texts with slips of the keyboard")
    picture_side_px: int = Field(320, ge=96, le=2048, description="Mean of the longer side; pictures vary by a fifth")
    sample_rate_hz: int = Field(16_000, ge=8_000, le=48_000, description="Sampling rate of the recordings")
    min_snr_db: float = Field(5, ge=-20, le=60, description="Signal-to-noise ratio of the noisiest recording")
    max_snr_db: float = Field(25, ge=-20, le=60, description="Signal-to-noise ratio of the clearest recording")

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        if self.clear_share + self.paired_share > 1:
            raise ValueError("clear_share + paired_share must be at most 1: the rest says nothing about the matter")
        if self.min_snr_db > self.max_snr_db:
            raise ValueError("min_snr_db must not exceed max_snr_db")
        return self
