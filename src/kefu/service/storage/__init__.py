"""What the service remembers: conversations and messages in a database, media in files by their content."""

from kefu.service.storage.conversations import (
    ConversationStore,
    NewMessage,
    UnknownConversationError,
    UnknownMessageError,
)
from kefu.service.storage.media import MediaStore
from kefu.service.storage.tables import ConversationRow, MessageRow, Sender, Thumb

__all__ = [
    "ConversationRow",
    "ConversationStore",
    "MediaStore",
    "MessageRow",
    "NewMessage",
    "Sender",
    "Thumb",
    "UnknownConversationError",
    "UnknownMessageError",
]
