"""`bench bundle RUN...`: records, detections and ground truth in one file that anyone can check."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench bundle`."""
    parser.add_argument("runs", nargs="+", metavar="RUN|RECORD", help="run ids or their first digits, or record files")
    parser.add_argument("--out", required=True, metavar="FILE.zip", help="the bundle to write")


def run(options: argparse.Namespace) -> int:
    """Write the bundle and print its size; it never holds images."""
    from dataclasses import replace
    from pathlib import Path

    from benchmark.core.canonical import canonical_json
    from benchmark.core.paths import checkout
    from benchmark.core.record import Artifact
    from benchmark.harness.rescore import Stored, find_record, load_evidence
    from benchmark.records.bundle import ground_truth_to_json, write_bundle
    from benchmark.records.codec import encode
    from benchmark.records.evidence import MATCHES, PREDICTIONS, PREDICTIONS_VAL

    runs: dict[str, dict[str, bytes]] = {}
    for name in options.runs:
        stored = load_evidence(find_record(name))
        parts = {}
        if isinstance(stored, Stored):
            parts["test.json"] = ground_truth_to_json(stored.test).encode()
            parts["split.json"] = canonical_json(stored.cell.tested.split).encode()
            parts["vocabulary.json"] = canonical_json(stored.cell.tested.vocabulary).encode()
            if stored.val is not None:
                parts["val.json"] = ground_truth_to_json(stored.val).encode()
        artifacts = []
        for artifact in stored.record.artifacts:
            if artifact.uri and artifact.name in (PREDICTIONS, PREDICTIONS_VAL, MATCHES):
                parts[f"{artifact.name}.parquet"] = (stored.path.parent / artifact.uri).read_bytes()
                artifacts.append(Artifact(artifact.name, f"{artifact.name}.parquet", artifact.sha256))
            else:
                artifacts.append(Artifact(artifact.name, "", artifact.sha256))
        parts["record.json"] = encode(replace(stored.record, artifacts=tuple(artifacts))).encode()
        runs[stored.record.run_id] = parts
    folder = checkout()
    target = Path(options.out).expanduser()
    write_bundle(target, runs, (folder / "requirements.lock").read_bytes() if folder else None)
    print(f"{target}  {target.stat().st_size / 1e6:.1f} MB, {len(runs)} run(s); check it with: bench verify {target}")
    return 0


COMMAND = Command("bundle", "pack records with their detections and ground truth into one file", configure, run)
