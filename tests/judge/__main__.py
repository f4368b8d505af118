"""Judges kept evidence again: `python -m tests.judge FILE`; exit status 1 for a finding."""

import sys
from pathlib import Path

from tests.judge.evidence import kept
from tests.judge.findings import told
from tests.judge.verdict import findings_of


def main() -> int:
    """Reads the file that is named, and says what is found in it."""
    found = findings_of(kept(Path(sys.argv[1])))
    print(told(found) or "Nothing is found.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
