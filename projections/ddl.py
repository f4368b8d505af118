"""The tables and views of a model, as SQL that changes nothing when it is run again."""

from projections.model import Model, tables_of
from projections.tables import Table, column_names, columns_of, stored_name


def ddl(model: Model) -> list[str]:
    """Tables, their indexes, and views where there are none yet.

    A view that exists stays as it is: which version it shows is changed by whoever makes a
    rebuilt one live, not by a process that starts.
    """
    statements: list[str] = []
    for table in tables_of(model):
        statements += [_table(table), *_indexes(table), _view(table)]
    return statements


def view_query(table: Table) -> str:
    """What the view of the table shows."""
    condition = f" where {table.live}" if table.live else ""
    names = ", ".join(column_names(table))
    return f"select {names} from {stored_name(table)}{condition}"  # noqa: S608  Names of our own.


def _table(table: Table) -> str:
    columns = ", ".join(
        f"{column.name} {column.type}{'' if column.nullable else ' not null'}"
        for column in columns_of(table)
    )
    name = stored_name(table)
    return f"create table if not exists {name} ({columns}, primary key ({', '.join(table.key)}))"


def _indexes(table: Table) -> list[str]:
    name = stored_name(table)
    return [
        f"create index if not exists {name}_{number} on {name} {columns}"
        for number, columns in enumerate(table.indexes, start=1)
    ]


def _view(table: Table) -> str:
    return f"""
        do $$ begin
            if to_regclass(format('%I.%I', current_schema(), '{table.name}')) is null then
                create view {table.name} as {view_query(table)};
            end if;
        end $$
    """
