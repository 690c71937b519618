"""What the service remembers: conversations, messages and agents in a database, media in files by their content."""

from kefu.service.storage.agents import AgentExistsError, AgentStore, UnknownAgentError
from kefu.service.storage.changes import Change, ChangeFeed
from kefu.service.storage.conversations import ConversationStore, MemoryChangedError, NewMessage
from kefu.service.storage.dashboard import read_figures
from kefu.service.storage.database import Database
from kefu.service.storage.erasure import Erasure, Swept
from kefu.service.storage.inbox import Inbox, NotTakenError, QueueEntry, TakenError
from kefu.service.storage.media import MediaStore
from kefu.service.storage.rows import UnknownConversationError, UnknownMessageError
from kefu.service.storage.sweeper import Sweeper
from kefu.service.storage.tables import (
    AgentRow,
    AgentSessionRow,
    ConversationRow,
    ConversationState,
    CorrectionRow,
    ErasedConversationRow,
    MessageRow,
    Role,
    Sender,
    Thumb,
)

__all__ = [
    "AgentExistsError",
    "AgentRow",
    "AgentSessionRow",
    "AgentStore",
    "Change",
    "ChangeFeed",
    "ConversationRow",
    "ConversationState",
    "ConversationStore",
    "CorrectionRow",
    "Database",
    "ErasedConversationRow",
    "Erasure",
    "Inbox",
    "MediaStore",
    "MemoryChangedError",
    "MessageRow",
    "NewMessage",
    "NotTakenError",
    "QueueEntry",
    "Role",
    "Sender",
    "Sweeper",
    "Swept",
    "TakenError",
    "Thumb",
    "UnknownAgentError",
    "UnknownConversationError",
    "UnknownMessageError",
    "read_figures",
]
