"""Conversations and messages, as databases have them that were made before there were steps."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "conversation",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("language", sa.String()),
        sa.Column("state", sa.JSON()),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), index=True),
        sa.Column("hand_over_reason", sa.String()),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("conversation_id", sa.String(), sa.ForeignKey("conversation.id"), nullable=False, index=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sender", sa.Enum("CUSTOMER", "ASSISTANT", name="sender"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("language", sa.String()),
        sa.Column("image", sa.String()),
        sa.Column("audio", sa.String()),
        sa.Column("client_key", sa.String()),
        sa.Column("answers", sa.String(), sa.ForeignKey("message.id"), unique=True),
        sa.Column("understanding", sa.JSON()),
        sa.Column("reply", sa.JSON()),
        sa.Column("thumb", sa.Enum("UP", "DOWN", name="thumb")),
        sa.UniqueConstraint("conversation_id", "position"),
        sa.UniqueConstraint("conversation_id", "client_key"),
    )
