"""What the service remembers: conversations and messages in a database, media in files by their content."""

from kefu.service.storage.conversations import (
    ConversationStore,
    NewMessage,
    UnknownConversationError,
    UnknownMessageError,
)
from kefu.service.storage.media import MediaStore
from kefu.service.storage.tables import (
    AgentRow,
    AgentSessionRow,
    ConversationRow,
    CorrectionRow,
    MessageRow,
    Role,
    Sender,
    Thumb,
)

__all__ = [
    "AgentRow",
    "AgentSessionRow",
    "ConversationRow",
    "ConversationStore",
    "CorrectionRow",
    "MediaStore",
    "MessageRow",
    "NewMessage",
    "Role",
    "Sender",
    "Thumb",
    "UnknownConversationError",
    "UnknownMessageError",
]
