"""How long the faults go on: one round in the suite, more where somebody asks for them."""

import os
from typing import Final

ROUNDS: Final = int(os.environ.get("FAULT_ROUNDS", "1"))
"""`FAULT_ROUNDS=20 make test ARGS=tests/faults` repeats each fault twenty times."""
