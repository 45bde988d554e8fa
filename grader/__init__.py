"""What a teaching assistant runs: `python -m grader`, around nbgrader."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOMEWORK = ROOT / "notebooks" / "homework"
if str(HOMEWORK) not in sys.path:
    sys.path.insert(0, str(HOMEWORK))  # where `checks` lies, in the student's house
