"""The assistant of a shop, as the desk needs it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from kefu.assistant.conversation import Conversation, respond
from kefu.assistant.grounding import Knowledge
from kefu.assistant.messages import Message, Reply, Understanding
from kefu.assistant.replies import Generate
from kefu.assistant.shop import Shop
from kefu.assistant.understanding import ReadPicture, Understander
from kefu.predictor import Prediction, RawTicket
from kefu.service.conversations.desk import Understood
from kefu.service.models import ServedPrediction
from kefu.speech import Transcript


class ShopMind:
    """Understands with a model, answers by the playbooks and articles of a shop.

    Args:
        judge: the model that serves a conversation, of a ticket and the conversation's id.
        shop: whose playbooks are followed.
        knowledge: the articles that may be cited.
        read_picture: reads the lines of text in pictures.
        generate: words answers from passages; without, they are composed of their sentences.
        today: tells the date that ``yesterday`` is reckoned from.
    """

    def __init__(
        self,
        judge: Callable[[RawTicket, str], ServedPrediction],
        shop: Shop,
        knowledge: Knowledge | None,
        read_picture: ReadPicture | None = None,
        generate: Generate | None = None,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._judge = judge
        self._shop = shop
        self._read_picture = read_picture
        self._knowledge = knowledge
        self._generate = generate
        self._today = today

    def understand(
        self, conversation_id: str, message: Message, heard: Transcript | None, memory: dict[str, Any] | None
    ) -> Understood:
        """Say what a message is about, and which model says so."""
        judged: list[ServedPrediction] = []

        def judge(ticket: RawTicket) -> Prediction:
            judged.append(self._judge(ticket, conversation_id))
            return judged[-1].prediction

        understander = Understander(judge, self._shop, read_picture=self._read_picture)
        language = _remembered(memory).language
        understanding = understander.understand(message, today=self._today(), language=language, heard=heard)
        if not judged:
            return Understood(understanding)
        whole = judged[0]  # what may come after is about the picture alone
        return Understood(understanding, whole.model, whole.version)

    def respond(self, memory: dict[str, Any] | None, understanding: Understanding) -> tuple[dict[str, Any], Reply]:
        """Answer it, and return what is to be remembered."""
        conversation, reply = respond(
            _remembered(memory), understanding, self._shop, self._knowledge, generate=self._generate
        )
        return conversation.model_dump(mode="json"), reply

    def show_action(self, reply: Reply) -> dict[str, Any] | None:
        """Return title, status and details of the action of a reply in words for the customer."""
        action = reply.action
        if action is None:
            return None
        playbook = next(
            (one for one in self._shop.playbooks.values() if one.action is not None and one.action.name == action.name),
            None,
        )
        if playbook is None:  # of a playbook that is no longer there
            return {"status": action.status, "title": action.name, "details": list(action.arguments.values())}
        options = {option.value: option.words.of(reply.language)[0] for ask in playbook.ask for option in ask.options}
        details = [options.get(value, value) for value in action.arguments.values()]
        return {"status": action.status, "title": playbook.title.of(reply.language), "details": details}


def _remembered(memory: dict[str, Any] | None) -> Conversation:
    return Conversation() if memory is None else Conversation.model_validate(memory)
