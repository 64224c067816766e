"""Roboflow exports of a user's own: found, named, placed by taxonomy.csv, built with their licence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmark.core.errors import DataError, UnknownNameError
from benchmark.datasets.build.build import Plan, build
from benchmark.datasets.build.scan import scan
from benchmark.datasets.mmio_open import INFO, folder_of, open_variant
from tests.datasets.official_layouts import photo, text

YAML = (
    "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['Bolt_Crack', 'Rust']\n"
    "roboflow:\n  workspace: me\n  project: bolts-x1\n  version: 3\n  license: CC BY 4.0\n"
    "  url: https://universe.roboflow.com/me/bolts-x1/dataset/3\n"
)
TAXONOMY = (
    "class,defect,scene,super_category,synonyms,description\n"
    'bolt_crack,crack,bolt,metallurgy,fissure; fracture,"A dark, open line in the bolt."\n'
    "rust,,bolt,Metallurgy,,\n"
)


def export(root: Path, yaml: str = YAML) -> Path:
    """Two photos with two copies each: boxes and a polygon in one file, and one without a defect."""
    text(root / "data.yaml", yaml)
    text(root / "README.roboflow.txt", "made up")
    for part, stem, label in (
        ("train", "IMG_1_jpg.rf.0a", "0 0.5 0.5 0.25 0.25\n1 0.1 0.1 0.3 0.1 0.3 0.3\n"),
        ("train", "IMG_1_jpg.rf.0b", "0 0.5 0.5 0.25 0.25\n"),
        ("valid", "IMG_2_png.rf.0c", ""),
        ("test", "IMG_3_JPG.rf.0d", "1 0.5 0.5 0.25 0.25\n"),
    ):
        photo(root / part / "images" / f"{stem}.jpg")
        text(root / part / "labels" / f"{stem}.txt", label)
    return root


def test_export_without_a_taxonomy_is_unknown(tmp_path: Path) -> None:
    result = scan([export(tmp_path / "Bolzen (neu) v3").parent])
    assert list(result.images) == ["roboflow-bolts-x1"]
    images = {image.path.stem: image for image in result.images["roboflow-bolts-x1"]}
    assert images["IMG_1_jpg.rf.0a"].boxes.names == ("Bolt_Crack", "Rust")
    assert images["IMG_1_jpg.rf.0a"].group == images["IMG_1_jpg.rf.0b"].group == "roboflow-bolts-x1/IMG_1"
    assert not len(images["IMG_2_png.rf.0c"].boxes)
    source = result.sources["roboflow-bolts-x1"]
    assert source.facts.redistributable
    assert source.facts.licence == "CC BY 4.0"
    kind = source.kinds["Bolt_Crack"]
    assert (kind.name, kind.super_category, kind.synonyms) == ("bolt crack, unknown", "unknown", ())


def test_taxonomy_places_the_classes(tmp_path: Path) -> None:
    text(export(tmp_path) / "taxonomy.csv", TAXONOMY)
    result = scan([tmp_path])
    crack, rust = result.sources["roboflow-bolts-x1"].kinds.values()
    assert (crack.name, crack.super_category) == ("crack, bolt", "metallurgy")
    assert crack.synonyms == ("fissure", "fracture")
    assert crack.description == "A dark, open line in the bolt."
    assert rust.name == "rust, bolt"
    assert {image.scene for image in result.images["roboflow-bolts-x1"]} == {"bolt"}


def test_a_class_that_an_importer_knows_is_that_class(tmp_path: Path) -> None:
    rows = "class,scene,super_category\nrust,fabric,textiles\nbolt_crack,fabric,textiles\n"
    text(export(tmp_path, YAML.replace("Rust", "Stain")) / "taxonomy.csv", rows.replace("rust", "stain"))
    stain = scan([tmp_path]).sources["roboflow-bolts-x1"].kinds["Stain"]
    assert stain.name == "stain, fabric"
    assert stain.description.startswith("A discoloured patch")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "class,scene,super_category\nrusty,bolt,metallurgy\n",
            r"class 'rusty' is not in data\.yaml; it has Bolt_Crack",
        ),
        ("class,scene,super_category\nrust,fabric,metallurgy\n", "the scene 'fabric' lies in textiles, not in metall"),
    ],
)
def test_a_taxonomy_that_does_not_fit_is_named(tmp_path: Path, table: str, message: str) -> None:
    text(export(tmp_path) / "taxonomy.csv", table)
    with pytest.raises(DataError, match=message):
        scan([tmp_path])


def test_side_by_side_and_no_roboflow_part(tmp_path: Path) -> None:
    text(tmp_path / "My Weld Set" / "data.yaml", "names: {0: pore, 1: crack}\n")
    photo(tmp_path / "My Weld Set" / "w1_jpg.rf.0a.jpg")
    text(tmp_path / "My Weld Set" / "w1_jpg.rf.0a.txt", "1 0.5 0.5 0.25 0.25\n")
    result = scan([tmp_path])
    assert list(result.images) == ["roboflow-my-weld-set"]
    assert result.sources["roboflow-my-weld-set"].facts.licence == "none stated"
    assert not result.sources["roboflow-my-weld-set"].facts.redistributable


def test_two_downloads_of_one_project_and_two_projects_of_one_name(tmp_path: Path) -> None:
    shutil.copytree(export(tmp_path / "a"), tmp_path / "b")
    result = scan([tmp_path])
    assert len(result.images["roboflow-bolts-x1"]) == 4
    assert result.repairs["roboflow-bolts-x1"]["image of a second copy of the source left out"]["count"] == 4
    (tmp_path / "b" / "data.yaml").write_text(YAML.replace("Rust", "Dent"))
    with pytest.raises(DataError, match="another export is named roboflow-bolts-x1 and has other classes"):
        scan([tmp_path])


def test_broken_data_yaml_is_named(tmp_path: Path) -> None:
    export(tmp_path, "names: [\n")
    with pytest.raises(DataError, match=r"data\.yaml: not YAML"):
        scan([tmp_path])
    (tmp_path / "data.yaml").write_text("nc: 0\nnames: []\n")
    with pytest.raises(DataError, match=r"data\.yaml: names no classes"):
        scan([tmp_path])


def test_exports_of_known_sources_stay_theirs(downloads: Path) -> None:
    assert not [name for name in scan([downloads]).images if name.startswith("roboflow")]


def test_one_export_may_be_asked_for_by_name(tmp_path: Path, downloads: Path) -> None:
    export(tmp_path / "mine")
    assert list(scan([tmp_path], ["roboflow-bolts-x1"]).images) == ["roboflow-bolts-x1"]
    with pytest.raises(UnknownNameError, match="did you mean roboflow-bolts-x1"):
        scan([tmp_path, downloads], ["roboflow-bolts"])


def test_built_set_keeps_licence_and_place(tmp_path: Path, bench_home: Path) -> None:
    text(export(tmp_path / "mine") / "taxonomy.csv", TAXONOMY)
    plan = Plan(everything=True)
    built = build(INFO, [tmp_path / "mine"], plan, folder_of(plan.variant))
    assert "CC BY 4.0" in (built.folder / "LICENCES.txt").read_text()
    dataset = open_variant("all")
    assert dataset.digest == built.record.digest
    assert [source.name for source in dataset.info.sources] == ["roboflow-bolts-x1"]
    assert {category.super_category for category in dataset.categories} == {"metallurgy"}
    assert bench_home in built.folder.parents
