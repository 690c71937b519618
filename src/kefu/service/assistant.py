"""The assistant of this service: a shop, its articles, ears and mouth, and the desk where they work together."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kefu.assistant.generator import load_generator
from kefu.assistant.pictures import PictureReader
from kefu.assistant.shop import Shop
from kefu.assistant.understanding import Understander
from kefu.knowledge import KnowledgeBase
from kefu.predictor import Prediction, RawTicket
from kefu.service.conversations import Desk, SpeechCache
from kefu.service.conversations.shop_mind import ShopMind
from kefu.service.models import ModelShelf
from kefu.service.settings import ServiceSettings
from kefu.service.storage import ConversationStore, MediaStore


@dataclass(frozen=True)
class Assistant:
    """What routes need of the assistant."""

    shop: Shop
    knowledge: KnowledgeBase
    desk: Desk
    pool: ThreadPoolExecutor

    def close(self) -> None:
        """Give back threads and the database."""
        self.pool.shutdown(cancel_futures=True)
        self.desk.store.close()
