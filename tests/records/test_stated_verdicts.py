"""README and docs state no verdict that the stored comparisons do not give, and the stored comparisons are current."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmark.core.comparison import Outcome, board_of
from benchmark.core.paths import Results
from benchmark.records.comparisons import Comparisons, is_current
from benchmark.records.query import committed_records
from benchmark.records.seeds import seed_groups

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")) if path.name != "statistics.md")
VERDICT = re.compile(
    r"\b(?:is|are|comes out|lies) (?:ahead|above|better|worse|behind)\b|\b(?:outperforms?|beats?|wins?|ties with)\b",
    re.IGNORECASE,
)
PROOF = re.compile(r"<!-- verdict: (\w+) above (\w+) -->")
"""stands in the paragraph of a verdict: run ids of the lowest seeds of the two cells"""


def unproven(text: str) -> list[str]:
    """The verdicts of a text in whose paragraph no stored comparison says so."""
    above = {
        (pair.a, pair.b) if pair.verdict.outcome is Outcome.ABOVE else (pair.b, pair.a)
        for comparison in Comparisons.find(Results(ROOT / "results")).by_board.values()
        for pair in comparison.pairs
        if pair.verdict.outcome in (Outcome.ABOVE, Outcome.BELOW)
    }
    wrong = []
    for paragraph in text.split("\n\n"):
        proofs = PROOF.findall(paragraph)
        if not proofs or not set(proofs) <= above:
            wrong += VERDICT.findall(paragraph)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_states_no_verdict_without_a_comparison_that_gives_it(page: Path) -> None:
    assert unproven(page.read_text(encoding="utf-8")) == []


def test_verdicts_are_noticed() -> None:
    assert unproven("RTVP is ahead of PP-YOLOE by 1.63 AP.") == ["is ahead"]
    assert unproven("RTVP beats it. <!-- verdict: 6010f722ecd4 above 16caee64a56e -->") == ["beats"]  # not judged


def test_every_board_has_a_current_comparison() -> None:
    stored = Comparisons.find(Results(ROOT / "results")).by_board
    cells = [cell for cell in seed_groups(committed_records()) if cell.good]
    for board in {board_of(cell.spec) for cell in cells}:
        on_board = [cell for cell in cells if board_of(cell.spec) == board]
        if len(on_board) > 1:
            assert is_current(stored[board], [record for cell in on_board for record in cell.good]), board
