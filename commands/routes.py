"""Which decider takes which command. A new context adds its line to both lists."""

from collections.abc import Mapping

from commands.deciders import accounts, graph, names
from commands.submission import Command, Route

ROUTES: tuple[Route, ...] = (accounts.ROUTE, graph.ROUTE, names.ROUTE)

COMMANDS = accounts.AccountCommand | graph.GraphCommand | names.NameCommand
"""Every command, told apart by its tag: what a forwarded submission decodes to."""

ROUTE_OF: Mapping[type[Command], Route] = {
    command: route for route in ROUTES for command in route.commands
}
