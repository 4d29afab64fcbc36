"""A program that plays vectors of made-up runs and says which of them go otherwise here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.unit.mock_vectors import made_of, wanted_of

_SHOWN = 5


def main(file: str) -> None:
    vectors: list[dict[str, Any]] = json.loads(Path(file).read_text("utf-8"))
    others = [vector for vector in vectors if made_of(vector) != wanted_of(vector)]
    for vector in others[:_SHOWN]:
        sys.stdout.write(f"{json.dumps(vector)}\nis here\n{json.dumps(made_of(vector))}\n\n")
    sys.stdout.write(f"{len(vectors)} played, {len(others)} otherwise\n")


if __name__ == "__main__":
    main(sys.argv[1])
