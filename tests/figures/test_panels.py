"""The cells that figures show, their labels, and the command suggested for a missing cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from benchmark.core.errors import RecordError
from benchmark.core.record import Artifact, Cost, RunRecord
from benchmark.figures import patch_size, scene_heat_map, wording
from benchmark.figures.drawing import panels
from benchmark.records.seeds import SeedGroup

Make = Callable[..., RunRecord]


def test_controls_and_oracles_are_no_cells(make_record: Make) -> None:
    plain = make_record()
    oracle = make_record(method="fgvp", params={"prompt": "truth"})
    assert panels.measured_cells([plain, oracle, make_record(wording="codes")]) == [SeedGroup((plain,))]


def test_commands_name_runs_that_kept_their_detections(make_record: Make) -> None:
    first, second = make_record(), make_record(seed=1)
    kept = replace(second, artifacts=(Artifact("predictions", "x.parquet", "0"),))
    assert panels.explain_command([first, kept]) == f"bench explain {second.run_id}"
    assert panels.explain_command([kept], ("yolov8",)).endswith("then 'bench explain RUN'")
    assert panels.run_command([]) == "bench run --method rtvp --task zeroshot"


def patched(make_record: Make, side: int, ap: float) -> RunRecord:
    settings = {} if side == patch_size.PAPERS_PX else {"patch_size": side}
    return make_record(ap=ap, overrides=settings, params={"variant": "n", **settings})


def test_patch_sizes_stand_in_order_and_need_two(make_record: Make) -> None:
    records = [patched(make_record, 64, 0.3), patched(make_record, 32, 0.2), patched(make_record, 16, 0.1)]
    ((source, shown),) = patch_size.sizes(records).items()
    assert str(source) == "zeroshot, mmio-open 1, quick"
    assert [size.patch_px for size in shown] == [16, 32, 64]
    first, *costs = patch_size.draw(records).axes
    assert np.asarray(first.lines[0].get_ydata()).tolist() == pytest.approx([10, 20, 30])
    assert len(costs) == len(patch_size.COSTS)
    with pytest.raises(RecordError, match="--profile quick --set patch_size=64"):
        patch_size.draw(records[:1])


def test_scenes_are_sorted_and_averaged_over_seeds(make_record: Make) -> None:
    def scened(**changes: object) -> RunRecord:
        wood = 0.4 if changes.get("seed") else 0.2
        return replace(
            make_record(**changes), per_scene={"wood": {"AP": wood}, "steel": {"AP": 0.5}, "x": {"AP": None}}
        )

    (shown,) = scene_heat_map.heat_maps([scened(), scened(seed=1), scened(method="yolo-world", ap=0.1)])
    assert shown.scenes == ("steel", "wood")
    assert shown.rows == ("rtvp-n  20.0", "yolo-world-n  10.0")
    assert list(shown.values) == [pytest.approx((50, 30)), pytest.approx((50, 20))]
    assert len(scene_heat_map.draw([scened()]).axes) == 2
    with pytest.raises(RecordError, match="no record has a breakdown by scene"):
        scene_heat_map.draw([make_record()])


def test_wordings_of_a_cell_share_a_line(make_record: Make) -> None:
    records = [make_record(ap=0.2), make_record(ap=0.1, wording="synonyms"), make_record(ap=0.01, wording="codes")]
    ((_, (read,)),) = wording.readings(records).items()
    assert {each.name for each in read.wordings} == {"canonical", "synonyms", "codes"}
    (axes,) = wording.draw(records).axes
    assert axes.get_yticklabels()[0].get_text() == "rtvp-n  spread 10.0"
    assert [wording.kind_of(name) for name in ("canonical@2", "codes", "mine")] == [
        wording.KINDS[1],
        wording.KINDS[-1],
        "own file",
    ]
    with pytest.raises(RecordError, match="--vocabulary synonyms"):
        wording.draw(records[:1])


def test_a_cell_without_costs_draws(make_record: Make) -> None:
    records = [replace(patched(make_record, side, 0.1), cost=Cost()) for side in (32, 64)]
    assert len(patch_size.draw(records).axes) == 4
