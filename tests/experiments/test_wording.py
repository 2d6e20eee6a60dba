"""Numbers in sentences."""

import pytest

from experiments.wording import counted


@pytest.mark.parametrize(("count", "text"), [(0, "0 errors"), (1, "1 error"), (2, "2 errors"), (2000, "2,000 errors")])
def test_counted_says_one_of_one_only(count: int, text: str) -> None:
    assert counted(count, "error") == text
