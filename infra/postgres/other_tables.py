"""What is raised for tables of another version: apart, so that naming it loads no client."""


class OtherTables(RuntimeError):
    """The schema has tables that this version of Agora did not make; the text says what differs."""

    def __init__(self, schema: str, problem: BaseException) -> None:
        first = str(problem).partition("\n")[0]
        super().__init__(f"The tables in schema {schema} are of another version of Agora: {first}.")
