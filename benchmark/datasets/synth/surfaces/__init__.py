"""Surfaces without defects, one function per scene, one file per super category.

A surface function takes a random generator and the side in pixels and returns (side, side, 3) float32 RGB, 0 to 255,
before illumination. Its colours differ from the appearances of the defects in that scene.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.synth.surfaces import daily, electronics, metal, textile, vehicle, wood

Surface = Callable[[np.random.Generator, int], NDArray[np.float32]]

SURFACES: Mapping[str, Surface] = {
    "brushed steel": metal.brushed_steel,
    "rolled steel": metal.rolled_steel,
    "machined aluminium": metal.machined_aluminium,
    "cast iron": metal.cast_iron,
    "car paint": vehicle.car_paint,
    "weld seam": vehicle.weld_seam,
    "tyre": vehicle.tyre,
    "circuit board": electronics.circuit_board,
    "solar cell": electronics.solar_cell,
    "wafer": electronics.wafer,
    "woven cloth": textile.woven_cloth,
    "knitwear": textile.knitwear,
    "leather": textile.leather,
    "glass": daily.glass,
    "ceramic tile": daily.ceramic_tile,
    "carton": daily.carton,
    "veneer": wood.veneer,
    "pine plank": wood.pine_plank,
}
