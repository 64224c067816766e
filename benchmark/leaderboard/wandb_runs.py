"""The records that W&B has already, by digest; no metric is ever read from W&B."""

from __future__ import annotations

from typing import Any


def mirrored_records(wandb: Any, entity: str, project: str) -> dict[str, str]:
    """run_id -> digest of its record, for the official runs in that project; empty if the project does not exist."""
    runs = wandb.Api().runs(f"{entity}/{project}", filters={"config.official": True}, per_page=200, lazy=False)
    try:
        return {run.id: str(run.config.get("record_sha256", "")) for run in runs}
    except ValueError:  # W&B raises it for a project that does not exist
        return {}
