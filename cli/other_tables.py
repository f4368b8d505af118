"""What a command says where the tables were made by another version of Agora."""

from cli.output import UNUSABLE, Failure
from infra.postgres.other_tables import OtherTables


def other_tables(problem: BaseException) -> Failure:
    """The failure, whether PostgreSQL noticed it or who makes the tables did."""
    message = str(problem).partition("\n")[0]
    if not isinstance(problem, OtherTables):
        message = f"The tables are of another version of Agora: {message}."
    advice = "that version; on a local stack, agora reset (it deletes the data), then agora up"
    return Failure(message, advice, UNUSABLE)
