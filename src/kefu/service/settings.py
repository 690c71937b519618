"""Every setting of the service, from the environment: ``KEFU_PORT=8080``, ``KEFU_BATCHES__MAX_TICKETS=64``."""

import os
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kefu.parameters import Parameters
from kefu.service.security.secrets import find_weakness
from kefu.tickets.errors import KefuError, did_you_mean

_PREFIX = "KEFU_"
_LEVELS = "__"
_NOT_OF_THE_SERVICE = frozenset({"KEFU_SHARED"})
"""Names that other parts of the project read."""


class ModelSettings(Parameters):
    """A model that is served."""

    folder: Path = Field(
        description="The models of a data set (`data/06_models/demo`), their `versions/fused`, or one bundle. "
        "Of several versions the promoted one is served, else the newest."
    )
    share: float = Field(
        1.0,
        ge=0,
        description="Its part of the requests that name no model, relative to the other shares; 0: by its name alone.",
    )


class BatchSettings(Parameters):
    """How requests are gathered, since a model judges many tickets at once in little more time than one."""

    max_tickets: int = Field(32, ge=1, description="Most tickets that a model judges at once.")
    max_wait_ms: float = Field(2.0, ge=0, description="Longest time that a ticket waits for others to come.")
    max_queued: int = Field(256, ge=1, description="Tickets that wait at most; more are refused with 503.")


class ThreadSettings(Parameters):
    """Threads of the service; each model has one more of its own."""

    media: int = Field(2, ge=1, description="Threads that decode pictures and recordings.")
    max_media: int = Field(
        32, ge=1, description="Tickets with media in these threads or waiting for them; more are refused with 503."
    )
    answers: int = Field(8, ge=1, description="Messages of customers that are answered at once.")
    texts: int = Field(
        2, ge=1, description="Of these, messages that are text alone; more hinder one another, and finish later."
    )
    torch: int = Field(1, ge=1, description="Threads that PyTorch uses within one model.")


class LimitSettings(Parameters):
    """What is accepted of a request."""

    body_bytes: int = Field(32 * 2**20, ge=1024, description="Largest body, counted while it arrives.")
    text_chars: int = Field(20_000, ge=1, description="Longest text of a ticket.")
    json_bytes: int = Field(2**20, ge=1024, description="Largest body other than a form or a batch of tickets.")
    json_items: int = Field(
        100_000, ge=100, description="Most brackets and commas of a body in JSON, which all take memory."
    )
    image_bytes: int = Field(10 * 2**20, ge=1, description="Largest picture file.")
    image_megapixels: float = Field(50.0, gt=0, description="Most pixels, in millions, that a picture may announce.")
    image_megapixels_lossless: float = Field(
        24.0, gt=0, description="The same for all but JPEG, which alone can be decoded at a smaller size."
    )
    image_side_px: int = Field(
        3072, ge=256, description="Longest side at which a customer's picture is kept; a larger one is made smaller."
    )
    audio_bytes: int = Field(20 * 2**20, ge=1, description="Largest recording.")
    audio_seconds: float = Field(120.0, gt=0, description="Longest recording.")
    batch_tickets: int = Field(64, ge=1, description="Most tickets of one request.")


class RateSettings(Parameters):
    """How often one may ask. A bucket of ``burst`` requests is filled up at so many a minute; 0: no limit."""

    enabled: bool = Field(True, description="Whether anything is limited; `false` to measure how much is possible.")
    predict_per_minute: float = Field(3000.0, ge=0, description="Requests for labels, of one key.")
    predict_burst: int = Field(100, ge=1, description="Of these at once.")
    conversation_per_minute: float = Field(30.0, ge=0, description="Messages of one conversation.")
    conversation_burst: int = Field(15, ge=1, description="Of these at once.")
    customer_per_minute: float = Field(60.0, ge=0, description="Messages of one customer, in all conversations.")
    customer_burst: int = Field(30, ge=1, description="Of these at once.")
    messages_per_minute: float = Field(120.0, ge=0, description="Messages from one address.")
    messages_burst: int = Field(60, ge=1, description="Of these at once.")
    begin_per_minute: float = Field(60.0, ge=0, description="Conversations begun from one address.")
    begin_burst: int = Field(30, ge=1, description="Of these at once.")
    login_per_minute: float = Field(30.0, ge=0, description="Logins tried from one address.")
    login_burst: int = Field(10, ge=1, description="Of these at once.")
    other_per_minute: float = Field(1800.0, ge=0, description="All else from one address, beside labels and the page.")
    other_burst: int = Field(600, ge=1, description="Of these at once.")
    max_tracked: int = Field(
        20_000, ge=100, description="Buckets that are remembered for each limit; the one not used for longest goes."
    )


class AdmissionSettings(Parameters):
    """How much is worked on at once; what is too much is refused with 503 before its body is read."""

    max_requests: int = Field(128, ge=1, description="Requests at work.")
    max_waiting: int = Field(128, ge=0, description="Requests that wait for one of these to end.")
    wait_seconds: float = Field(1.0, ge=0, description="How long they wait.")
    max_messages: int = Field(64, ge=1, description="Messages of customers that come in, wait or are being answered.")
    max_per_address: int = Field(64, ge=1, description="Requests at work or waiting that come from one address.")
    max_streams: int = Field(1000, ge=1, description="Connections that listen for events.")
    max_streams_per_address: int = Field(50, ge=1, description="Of these from one address.")


class ConnectionSettings(Parameters):
    """What a client may take of time and connections."""

    max_connections: int = Field(1024, ge=1, description="Connections that are open; further ones are closed.")
    max_per_address: int = Field(256, ge=1, description="Of these from one address, except of trusted proxies.")
    header_seconds: float = Field(10.0, gt=0, description="Within this time the headers of a request must come.")
    header_bytes: int = Field(32 * 2**10, ge=1024, description="Largest request line and headers.")
    max_headers: int = Field(100, ge=10, description="Most headers of a request.")
    body_seconds: float = Field(20.0, gt=0, description="How long to wait for a body, beside the time of its bytes.")
    body_bytes_per_second: float = Field(8192.0, gt=0, description="Slowest pace at which a body may come.")
    write_seconds: float = Field(30.0, gt=0, description="How long a client may leave an answer unread.")
    linger_seconds: float = Field(
        3.0, gt=0, description="How long a body may go on to come that was answered before its end."
    )


def _read_networks(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_read_networks)]


class LoginSettings(Parameters):
    """Logins of agents."""

    hours: float = Field(12.0, gt=0, description="How long a login lasts.")
    max_failures_of_name: int = Field(10, ge=1, description="Failed logins of one name, after which it has to wait.")
    max_failures_of_address: int = Field(
        30, ge=1, description="Failed logins from one address, after which it has to wait."
    )
    failures_minutes: float = Field(15.0, gt=0, description="How long a failed login counts.")


class LiveSettings(Parameters):
    """Changes of conversations, told to pages as they happen."""

    look_seconds: float = Field(
        0.5, gt=0, description="How often the database is looked at for what other processes have changed."
    )
    ping_seconds: float = Field(15.0, gt=0, description="How often a sign of life is sent where nothing changes.")


class ServiceSettings(BaseSettings):
    """How the service runs. Nested settings are written with two underscores between."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter=_LEVELS,
        env_parse_none_str="null",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = Field(
        "development", description="In `production` what is open for trying things out must be closed."
    )
    api_keys: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Keys of machines, by name: `KEFU_API_KEYS__SHOP=...`, made with `openssl rand -hex 32`. Where "
        "there is one, `/v1/predict` and `/v1/models` demand a key.",
    )
    open_predict: bool = Field(False, description="Whether labels may be asked for without a key in `production`.")
    trusted_proxies: Networks = Field(
        (),
        description="Addresses or networks, separated by commas, whose `X-Forwarded-For` and `X-Forwarded-Proto` are "
        "believed.",
    )
    host: str = Field("127.0.0.1", description="Address to listen at; `0.0.0.0` for every one of the machine.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen at; 0: a free one.")
    models: dict[str, ModelSettings] = Field(
        default_factory=dict, description="The models by name: `KEFU_MODELS__DEMO__FOLDER=data/06_models/demo`."
    )
    watch_seconds: float = Field(
        5.0, ge=0, description="How often to look for new versions of models, which take over by themselves; 0: never."
    )
    shop: Path | None = Field(
        Path("conf/assistant/demo"),
        description="Folder of the shop that the assistant speaks for; where there is none, models are served alone.",
    )
    find_by_meaning: bool = Field(
        True,
        description="Whether English articles are found by meaning, too, where the extra `pretrained` is installed.",
    )
    vectors: Path = Field(
        Path("data/09_service/vectors.safetensors"), description="File in which vectors of the articles are kept."
    )
    read_pictures: bool = Field(True, description="Whether text in pictures is read, which takes most of their time.")
    hear: bool = Field(True, description="Whether recordings are taken and heard.")
    chinese_speech: Path = Field(
        Path("data/06_models/speech"),
        description="What `kedro run --pipelines train_speech` has made; where there is nothing, Chinese is not heard.",
    )
    whisper: Path | None = Field(
        None, description="Folder of Whisper's weights for transformers, which then hears both languages."
    )
    storage: str = Field(
        "sqlite:///data/09_service/kefu.sqlite", description="Database of the conversations, as a URL of SQLAlchemy."
    )
    media: Path = Field(Path("data/09_service/media"), description="Folder of what customers upload.")
    migrate_at_start: bool = Field(
        True,
        description="Whether tables of an older version are brought up to date at the start; if not, the service "
        "refuses them, and `kefu storage upgrade` does it.",
    )
    retention_days: int | None = Field(
        365, ge=1, description="Days after its last message that a conversation is deleted; `null`: never."
    )
    media_retention_days: int | None = Field(
        90,
        ge=1,
        description="Days after which pictures and recordings of customers are deleted; `null`: with the conversation.",
    )
    batches: BatchSettings = BatchSettings()
    threads: ThreadSettings = ThreadSettings()
    limits: LimitSettings = LimitSettings()
    rates: RateSettings = RateSettings()
    admission: AdmissionSettings = AdmissionSettings()
    connections: ConnectionSettings = ConnectionSettings()
    logins: LoginSettings = LoginSettings()
    live: LiveSettings = LiveSettings()
    shutdown_seconds: float = Field(
        20.0, ge=0, description="How long requests that were accepted may take to end when the service stops."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")

    @property
    def in_production(self) -> bool:
        """Whether customers are served, not trials."""
        return self.environment == "production"

    @model_validator(mode="after")
    def _closed_in_production(self) -> Self:
        if not self.in_production:
            return self
        if not self.api_keys and not self.open_predict:
            raise ValueError(
                "KEFU_API_KEYS: in production a key is needed; set KEFU_API_KEYS__SHOP=$(openssl rand -hex 32), or "
                "KEFU_OPEN_PREDICT=true to serve labels to everybody"
            )
        for name, key in self.api_keys.items():
            weakness = find_weakness(key.get_secret_value())
            if weakness is not None:
                raise ValueError(
                    f"KEFU_API_KEYS__{name.upper()}: the key {weakness}; make one with `openssl rand -hex 32`"
                )
        return self


def read_settings(**given: Any) -> ServiceSettings:
    """Return the settings: those given, then the environment's, then the defaults.

    Raises:
        KefuError: a value does not fit, or a variable of the environment names no setting.
    """
    _refuse_unknown(os.environ)
    try:
        return ServiceSettings(**given)
    except ValidationError as error:
        raise KefuError("; ".join(_explain(found) for found in error.errors())) from None
    except ValueError as error:  # a nested setting that is not JSON
        raise KefuError(f"the environment: {error}") from None


def describe_settings(
    model: type[BaseModel] = ServiceSettings, prefix: str = _PREFIX
) -> Iterator[tuple[str, Any, str]]:
    """Yield the variable, default and description of every setting, nested ones one by one."""
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        default = field.get_default(call_default_factory=True)
        if isinstance(default, Parameters):
            yield from describe_settings(type(default), f"{variable}{_LEVELS}")
        else:
            yield variable, default, field.description or ""


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = [f"{_PREFIX}{name.upper()}" for name in ServiceSettings.model_fields]
    for variable in _own(environment):
        top = variable.upper().split(_LEVELS)[0]
        if top not in known:
            hint = did_you_mean(top.casefold(), known)
            raise KefuError(f"{variable}: there is no such setting{hint}; `kefu serve --settings` lists all")


def _own(environment: Iterable[str]) -> list[str]:
    return [name for name in environment if name.upper().startswith(_PREFIX) and name not in _NOT_OF_THE_SERVICE]


def _explain(found: Any) -> str:
    if not found["loc"]:
        return str(found["msg"].removeprefix("Value error, "))
    name = f"{_PREFIX}{_LEVELS.join(str(part) for part in found['loc']).upper()}"
    if found["type"] == "extra_forbidden":
        return f"{name}: there is no such setting; `kefu serve --settings` lists all"
    message = found["msg"].removeprefix("Value error, ").removeprefix("Input ").strip()
    is_secret = found["loc"][0] == "api_keys"
    got = "" if found["type"] == "missing" or is_secret else f" (got {found['input']!r})"
    return f"{name}: {message}{got}"
