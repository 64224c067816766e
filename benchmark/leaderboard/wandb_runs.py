"""Which records W&B has already, by digest: the only thing that is asked of it, and no number."""

from __future__ import annotations

from typing import Any


def mirrored_records(wandb: Any, entity: str, project: str) -> dict[str, str]:
    """run_id -> digest of the record, of the official runs there; none where there is no such project yet."""
    runs = wandb.Api().runs(f"{entity}/{project}", filters={"config.official": True}, per_page=200, lazy=False)
    try:
        return {run.id: str(run.config.get("record_sha256", "")) for run in runs}
    except ValueError:  # W&B's word for a project that is not there
        return {}
