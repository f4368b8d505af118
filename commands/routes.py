"""Which decider handles which command. A new context adds its line here."""

from collections.abc import Mapping

from commands.deciders import accounts, comments, graph, marks, names, posts
from commands.submission import Command, Route

ROUTES: tuple[Route, ...] = (
    accounts.ROUTE,
    graph.ROUTE,
    names.ROUTE,
    posts.ROUTE,
    comments.ROUTE,
    marks.REACTION_ROUTE,
    marks.BOOKMARK_ROUTE,
)

ROUTE_OF: Mapping[type[Command], Route] = {
    command: route for route in ROUTES for command in route.commands
}
