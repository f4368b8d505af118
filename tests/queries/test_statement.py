"""Named parameters become numbers, and everything else of a query stays as it is."""

import pytest
from psycopg import sql

from queries.statement import statement

POSTS = statement(
    sql.SQL("select {one} where author = %(author)s and %(viewer)s <> %(author)s").format(
        one=sql.Identifier("Post")
    )
)


def test_a_parameter_has_one_number_wherever_it_stands() -> None:
    assert POSTS.text == b'select "Post" where author = $1 and $2 <> $1'


def test_values_come_in_the_order_of_the_numbers_whatever_else_is_given() -> None:
    assert POSTS.values({"limit": 5, "viewer": "ben", "author": "ana"}) == ["ana", "ben"]


def test_a_value_that_is_not_given_is_a_bug() -> None:
    with pytest.raises(KeyError):
        POSTS.values({"author": "ana"})


def test_a_doubled_percent_sign_is_one() -> None:
    assert statement(sql.SQL("select 7 %% %(by)s")).text == b"select 7 % $1"
