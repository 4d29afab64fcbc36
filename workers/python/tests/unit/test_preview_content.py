"""What a preview returned, as whoever decides is shown it."""

import math

import pytest

from agentspan.worker.preview_run import NotShownError, content_of


def test_it_is_shown_as_it_is() -> None:
    assert content_of({"before": {"balance": 1.5}, "after": None}) == '{"before":{"balance":1.5},"after":null}'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_have_is_not_shown_as_null(number: float) -> None:
    with pytest.raises(NotShownError, match="a number that JSON does not have"):
        content_of({"after": {"balance": number}})
