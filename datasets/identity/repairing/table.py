"""What `wormtwin identity repair` did, in words and as a table."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from datasets.identity.repairing.exchanges import Meeting
from neuron_models.foundation.printing import print_whole


def odds_in_words(odds: float) -> str:
    """Natural log odds as people say them.

    >>> odds_in_words(np.log(250.0)), odds_in_words(30.0), odds_in_words(-0.2)
    ('250 to 1', 'over a million to 1', 'even')
    """
    if odds > np.log(1e6):
        return "over a million to 1"
    return f"{np.exp(odds):.0f} to 1" if odds > np.log(1.5) else "even"


def meeting_rows(meetings: Sequence[Meeting], names: Sequence[str]) -> list[dict[str, object]]:
    """A row for each exchange, and for each meeting that is in doubt: frame, animals, what was done, the odds of it."""
    return [
        {
            "frame": meeting.frame,
            "animals": ", ".join(names[who] for who in meeting.animals),
            "exchanged": meeting.exchanged,
            "log_odds": round(meeting.odds, 2),
            "doubtful": meeting.doubtful,
        }
        for meeting in meetings
        if meeting.exchanged or meeting.doubtful
    ]


def print_meetings(meetings: Sequence[Meeting], names: Sequence[str]) -> None:
    """Print a table of the exchanges and of what is in doubt; nothing where there is neither."""
    from rich.table import Table

    rows = [meeting for meeting in meetings if meeting.exchanged or meeting.doubtful]
    if not rows:
        return
    table = Table("from frame", "animals", "what", "odds")
    for meeting in rows:
        done = "exchanged" if meeting.exchanged else "left as they were"
        who = ", ".join(names[k] for k in meeting.animals)
        table.add_row(
            str(meeting.frame), who, f"{done}{', in doubt' if meeting.doubtful else ''}", odds_in_words(meeting.odds)
        )
    print_whole(table)


def save_meetings(meetings: Sequence[Meeting], names: Sequence[str], out: Path) -> None:
    """Write the table as .csv or .json."""
    import pandas as pd

    from neuron_models.foundation.csv_file import write_csv
    from neuron_models.foundation.files import atomic_write

    columns = ["frame", "animals", "exchanged", "log_odds", "doubtful"]
    table = pd.DataFrame(meeting_rows(meetings, names), columns=columns)
    with atomic_write(out) as temporary:
        if out.suffix == ".json":
            temporary.write_text(table.to_json(orient="records", indent=1) + "\n", encoding="utf-8")
        else:
            write_csv(table, temporary, index=False)
