"""The read models. One visible list: a model that is not in it does not run."""

from projections.model import Model
from projections.models import accounts, bookmarks, graph, posts

MODELS: tuple[Model, ...] = (accounts.MODEL, graph.MODEL, posts.MODEL, bookmarks.MODEL)
