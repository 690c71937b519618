"""Which conversations were erased a moment ago, so that whoever shows one takes it away."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "erased_conversation",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
