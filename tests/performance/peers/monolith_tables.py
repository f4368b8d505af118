"""The tables of the monolith, as SQLAlchemy's tutorial has them declared."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """All tables."""


class User(Base):
    """Somebody with an account."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(unique=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    private: Mapped[bool] = mapped_column(default=False)


class Follow(Base):
    """One follows the other."""

    __tablename__ = "follows"

    follower_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    target_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)


class Block(Base):
    """One wants nothing to do with the other."""

    __tablename__ = "blocks"

    blocker_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    blocked_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)


class Mute(Base):
    """One does not want to read the other."""

    __tablename__ = "mutes"

    muter_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    muted_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)


def now() -> datetime:
    """The time, for columns that default to it."""
    return datetime.now(UTC)


class Post(Base):
    """What somebody wrote; `audience` is public or followers."""

    __tablename__ = "posts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str]
    audience: Mapped[str] = mapped_column(default="public")
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    author: Mapped[User] = relationship(lazy="raise")


Index("posts_of", Post.author_id, Post.published_at.desc())
Index("posts_newest", Post.published_at.desc())


class Comment(Base):
    """What somebody wrote about a post."""

    __tablename__ = "comments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id"), index=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str]


class Reaction(Base):
    """Somebody likes a post."""

    __tablename__ = "reactions"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)


class Bookmark(Base):
    """Somebody keeps a post."""

    __tablename__ = "bookmarks"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id"), primary_key=True)
