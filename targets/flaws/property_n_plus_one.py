"""A property of the answer reads what no query of the route mentions: one statement more for each user of a page.

What goes wrong: a page of twenty takes twenty-one round trips, and the route's code shows none of them.
How it comes about: a field is computed from a relationship, long after somebody wrote the query.
Caught by: ``n_plus_one``, which names the property and the option that fixes it.
"""

from collections.abc import Sequence

from sqlalchemy import select

from targets.flaws.shadow import shadow
from targets.shared.models import Post
from targets.shared.schemas import Limit, Offset, Stored
from targets.sync_api.main import create_app
from targets.sync_api.session import DatabaseSession


class PostWithAuthor(Stored):
    """A post as stored, and who wrote it."""

    id: int
    title: str
    author: str


class Shown:
    """What the answer is made of."""

    def __init__(self, post: Post) -> None:
        self.id, self.title, self._post = post.id, post.title, post

    @property
    def author(self) -> str:
        """The name of the user who wrote it."""
        return self._post.user.name


def list_posts(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[PostWithAuthor]:
    """Read a page of posts; nothing here says that users are read as well."""
    posts = session.scalars(select(Post).order_by(Post.id).limit(limit).offset(offset))
    return [PostWithAuthor.model_validate(Shown(post)) for post in posts]


app = shadow(create_app(), "/posts", list_posts, list[PostWithAuthor], method="get")
