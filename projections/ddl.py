"""The tables and views of a model's builds, as SQL."""

# ruff: noqa: S608  The names in these statements are those of our own tables.

from projections.tables import Table, column_names, columns_of, stored_name


def create_table(table: Table, build: int) -> str:
    """The table of that build, without key and indexes, as it is quickest to fill."""
    columns = ", ".join(
        f"{column.name} {column.type}{'' if column.nullable else ' not null'}"
        for column in columns_of(table)
    )
    return f"create table {stored_name(table, build)} ({columns})"


def create_indexes(table: Table, build: int) -> list[str]:
    """The primary key and the indexes of the table of that build."""
    name = stored_name(table, build)
    return [
        f"alter table {name} add primary key ({', '.join(table.key)})",
        *(
            f"create index {name}_{number} on {name} {columns}"
            for number, columns in enumerate(table.indexes, start=1)
        ),
    ]


def view_query(table: Table, build: int) -> str:
    """What the view of the table shows while the build is live."""
    condition = f" where {table.live}" if table.live else ""
    names = ", ".join(column_names(table))
    return f"select {names} from {stored_name(table, build)}{condition}"
