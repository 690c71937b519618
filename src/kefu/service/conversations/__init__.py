"""Conversations over HTTP: what a customer sends is kept, understood and answered, event by event."""

from kefu.service.conversations.desk import Accepted, Desk, Ears, Incoming, Mind, Understood
from kefu.service.conversations.events import Event, encode
from kefu.service.conversations.voice import Mouth, SpeechCache

__all__ = ["Accepted", "Desk", "Ears", "Event", "Incoming", "Mind", "Mouth", "SpeechCache", "Understood", "encode"]
