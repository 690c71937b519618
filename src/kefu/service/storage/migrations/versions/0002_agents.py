"""Agents, their logins and corrections; whose a conversation is, and who has taken it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NAMES = {"uq": "%(table_name)s_%(column_0_N_name)s_key"}
"""How PostgreSQL names constraints that were given no name; SQLite does not name them."""


def upgrade() -> None:
    """Add what people need."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute("ALTER TYPE sender ADD VALUE IF NOT EXISTS 'AGENT'")
    op.create_table(
        "agent",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.Enum("AGENT", "ADMIN", name="role"), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "agent_session",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("agent_id", sa.Integer(), sa.ForeignKey("agent.id"), nullable=False, index=True),
        sa.Column("csrf_token", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.create_table(
        "correction",
        sa.Column("message_id", sa.String(), sa.ForeignKey("message.id"), primary_key=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("agent_id", sa.Integer(), sa.ForeignKey("agent.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    _extend_conversation()
    _extend_message()


def _extend_conversation() -> None:
    with op.batch_alter_table("conversation") as table:
        table.add_column(sa.Column("owner", sa.String()))
        table.add_column(sa.Column("taken_by", sa.Integer()))
        table.add_column(sa.Column("taken_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("closed_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("last_message_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("version", sa.Integer()))
        table.add_column(sa.Column("changed_at", sa.DateTime(timezone=True)))
        table.create_foreign_key("conversation_taken_by_fkey", "agent", ["taken_by"], ["id"])
    op.execute(
        "UPDATE conversation SET version = 0, last_message_at = coalesce("
        "(SELECT max(message.created_at) FROM message WHERE message.conversation_id = conversation.id), created_at)"
    )
    op.execute("UPDATE conversation SET changed_at = last_message_at")
    with op.batch_alter_table("conversation") as table:
        table.alter_column("last_message_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        table.alter_column("version", existing_type=sa.Integer(), nullable=False)
        table.alter_column("changed_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        for column in ("owner", "last_message_at", "changed_at"):
            table.create_index(f"ix_conversation_{column}", [column])


def _extend_message() -> None:
    with op.batch_alter_table("message", naming_convention=_NAMES) as table:
        table.add_column(sa.Column("agent_id", sa.Integer()))
        table.add_column(sa.Column("model", sa.String()))
        table.add_column(sa.Column("model_version", sa.String()))
        table.create_foreign_key("message_agent_id_fkey", "agent", ["agent_id"], ["id"])
        table.create_index("ix_message_created_at", ["created_at"])
        table.drop_constraint("message_conversation_id_client_key_key", type_="unique")
        table.create_unique_constraint("uq_message_client_key", ["conversation_id", "sender", "client_key"])
