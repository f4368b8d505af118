"""A social network in one process, as FastAPI's tutorial has one written: the peer of `mixed`.

`uvicorn tests.performance.peers.monolith:app`. The rules of who sees what are Agora's: blocks
either way, mutes, private authors, posts for followers.
"""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload

from tests.performance.peers.monolith_tables import (
    Block,
    Bookmark,
    Comment,
    Follow,
    Mute,
    Post,
    Reaction,
    User,
)

SECRET: Final = os.environ.get("MONOLITH_SECRET", "")
engine = create_async_engine(
    os.environ.get("MONOLITH_DSN", "postgresql+psycopg://localhost"),
    connect_args={"options": f"-c search_path={os.environ.get('MONOLITH_SCHEMA', 'public')}"},
    pool_size=10,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


async def session() -> AsyncIterator[AsyncSession]:
    """One for each request."""
    async with sessions() as opened:
        yield opened


def viewer(authorization: Annotated[str, Header()]) -> UUID:
    """Who asks."""
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401) from None
    return UUID(claims["sub"])


Session = Annotated[AsyncSession, Depends(session)]
Viewer = Annotated[UUID, Depends(viewer)]


class Author(BaseModel):
    """Somebody, in short."""

    id: UUID
    handle: str
    first_name: str
    last_name: str


class PostOut(BaseModel):
    """A post as its reader sees it."""

    id: UUID
    author: Author
    body: str
    audience: str
    published_at: datetime
    comments: int
    reactions: int
    reacted: bool
    bookmarked: bool


class Feed(BaseModel):
    """A page."""

    posts: list[PostOut]


class ProfileOut(Author):
    """Somebody, and how they stand to the reader."""

    about: str
    private: bool
    followers: int
    following: int
    follows: bool
    followed: bool


class PostIn(BaseModel):
    """What is to be published."""

    body: str = Field(min_length=1, max_length=5000)
    audience: str = Field(default="public", pattern="^(public|followers)$")


class Published(BaseModel):
    """What was published."""

    id: UUID


@app.get("/feeds/home")
async def home(
    session: Session, viewer: Viewer, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Feed:
    """What those wrote whom the viewer follows, and the viewer, newest first."""
    followed = select(Follow.target_id).where(Follow.follower_id == viewer)
    muted = select(Mute.muted_id).where(Mute.muter_id == viewer)
    query = (
        select(Post, *_counts(viewer))
        .join(Post.author)
        .where(or_(Post.author_id == viewer, Post.author_id.in_(followed)))
        .where(Post.author_id.not_in(muted), ~_blocked(viewer, Post.author_id))
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(limit)
        .options(joinedload(Post.author))
    )
    return Feed(posts=[_shown(*row) for row in (await session.execute(query)).all()])


@app.get("/people/{person}")
async def profile(session: Session, viewer: Viewer, person: UUID) -> ProfileOut:
    """Somebody's profile; a private one in short, except for followers."""
    followers = select(func.count()).where(Follow.target_id == person).scalar_subquery()
    following = select(func.count()).where(Follow.follower_id == person).scalar_subquery()
    query = select(
        User, followers, following, _follows(viewer, person), _follows(person, viewer)
    ).where(User.id == person, ~_blocked(viewer, User.id))
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise HTTPException(404)
    user, followers_count, following_count, follows, followed = found
    open_to_viewer = not user.private or follows or user.id == viewer
    return ProfileOut(
        **_author(user),
        about=user.about if open_to_viewer else "",
        private=user.private,
        followers=followers_count,
        following=following_count,
        follows=follows,
        followed=followed,
    )


@app.post("/posts")
async def publish(session: Session, viewer: Viewer, post: PostIn) -> Published:
    """Writes a post."""
    made = Post(author_id=viewer, body=post.body, audience=post.audience)
    session.add(made)
    await session.commit()
    return Published(id=made.id)


def _counts(viewer: UUID) -> tuple[Any, ...]:
    of_post = Comment.post_id == Post.id
    liked = and_(Reaction.post_id == Post.id, Reaction.person_id == viewer)
    kept = and_(Bookmark.post_id == Post.id, Bookmark.person_id == viewer)
    return (
        select(func.count()).where(of_post).correlate(Post).scalar_subquery(),
        select(func.count()).where(Reaction.post_id == Post.id).correlate(Post).scalar_subquery(),
        select(Reaction.post_id).where(liked).correlate(Post).exists(),
        select(Bookmark.post_id).where(kept).correlate(Post).exists(),
    )


def _blocked(viewer: UUID, other: Any) -> ColumnElement[bool]:
    either = or_(
        and_(Block.blocker_id == viewer, Block.blocked_id == other),
        and_(Block.blocker_id == other, Block.blocked_id == viewer),
    )
    return select(Block.blocker_id).where(either).exists()


def _follows(follower: UUID, target: UUID) -> ColumnElement[bool]:
    pair = and_(Follow.follower_id == follower, Follow.target_id == target)
    return select(Follow.target_id).where(pair).exists()


def _author(user: User) -> dict[str, Any]:
    names = {"first_name": user.first_name, "last_name": user.last_name}
    return {"id": user.id, "handle": user.handle, **names}


def _shown(post: Post, comments: int, reactions: int, reacted: bool, bookmarked: bool) -> PostOut:
    return PostOut(
        id=post.id,
        author=Author(**_author(post.author)),
        body=post.body,
        audience=post.audience,
        published_at=post.published_at,
        comments=comments,
        reactions=reactions,
        reacted=reacted,
        bookmarked=bookmarked,
    )
