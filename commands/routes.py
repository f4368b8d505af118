"""Which decider takes which command. A new context adds its line."""

from collections.abc import Mapping

from commands.deciders import accounts, graph, names
from commands.submission import Command, Route

ROUTES: tuple[Route, ...] = (accounts.ROUTE, graph.ROUTE, names.ROUTE)

ROUTE_OF: Mapping[type[Command], Route] = {
    command: route for route in ROUTES for command in route.commands
}
