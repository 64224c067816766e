"""A data set's record as Croissant metadata (MLCommons, https://docs.mlcommons.org/croissant).

Metadata only, no images: counts, licences, classes and sources as tables and, for a set that `bench data build` wrote,
where images and boxes are in its folder. Can be loaded with `mlcroissant.Dataset(jsonld=...)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.core.record import DatasetRecord

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
CLASS_FIELDS = {
    "name": "Text",
    "defect": "Text",
    "scene": "Text",
    "super_category": "Text",
    "description": "Text",
    "boxes": "Integer",
    "images": "Integer",
}
SOURCE_FIELDS = {
    "name": "Text",
    "licence": "Text",
    "redistributable": "Boolean",
    "images": "Integer",
    "boxes": "Integer",
    "url": "Text",
    "citation": "Text",
}
IMAGE_KEYS = {"id": "Integer", "file_name": "Text", "width": "Integer", "height": "Integer", "scene": "Text",
              "group": "Text", "source": "Text", "sha256": "Text"}  # fmt: skip
BOX_KEYS = {"id": "Integer", "image_id": "Integer", "category_id": "Integer", "area": "Float"}


def croissant(record: DatasetRecord, title: str, *, files: bool) -> dict[str, Any]:
    """JSON-LD of a data set's record.

    title: of the set. files: whether the set is a folder with annotations.json and images, as `bench data build` makes
    it; the sha256 of annotations.json is then the digest in the record.
    """
    label = record.name + (f"-{record.variant}" if record.variant else "")
    count = record.counts
    urls = [source["url"] for source in record.sources.values() if source["url"]]
    described = (
        f"{title}: {count['images']} images, {count['boxes']} boxes, {count['classes']} classes in {count['scenes']} "
        f"scenes of {count['super_categories']} super categories. Digest {record.digest}."
    )
    return {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": label,
        "description": described,
        "version": f"{record.version}.0.0",
        "license": _licences(record),
        **({"url": urls[0]} if urls else {}),
        "citeAs": _citation(record),
        "keywords": [
            "industrial defect detection",
            "object detection",
            *sorted(record.facts.get("super_categories", ())),
        ],
        "isAccessibleForFree": True,
        "distribution": _distribution(record) if files else [],
        "recordSet": [
            _inline("classes", CLASS_FIELDS, ({"name": name, **facts} for name, facts in record.classes.items())),
            _inline("sources", SOURCE_FIELDS, ({"name": name, **facts} for name, facts in record.sources.items())),
            *(_tables_of_the_file() if files else ()),
        ],
    }


def _licences(record: DatasetRecord) -> list[str]:
    return sorted({f"{source['licence']} ({name})" for name, source in record.sources.items()})


def _citation(record: DatasetRecord) -> str:
    cited = [record.facts.get("citation"), *(source.get("citation") for source in record.sources.values())]
    return "; ".join(str(text) for text in cited if text) or f"{record.name}, {record.digest[:12]}"


def _distribution(record: DatasetRecord) -> list[dict[str, Any]]:
    # One file under two names: readers assume that all tables of one file object have the same length.
    tables = [
        {
            "@type": "cr:FileObject",
            "@id": f"{part}_json",
            "name": f"{part}_json",
            "description": f"The list '{part}' of the COCO-form annotation file.",
            "contentUrl": "annotations.json",
            "encodingFormat": "application/json",
            "sha256": record.digest,
        }
        for part in ("images", "annotations")
    ]
    pictures = {
        "@type": "cr:FileSet",
        "@id": "pictures",
        "name": "pictures",
        "description": "The pictures, each in the folder of its source; licences differ between sources.",
        "encodingFormat": "image/*",
        "includes": "images/**",
    }
    return [*tables, pictures]


def _inline(name: str, fields: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A table with its rows in the metadata; missing values are empty. fields: name -> Croissant type."""
    empty = {"Text": "", "Integer": 0, "Boolean": False}
    data = [{f"{name}/{key}": row.get(key, empty[kind]) for key, kind in fields.items()} for row in rows]
    made = [_field(name, key, kind) for key, kind in fields.items()]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "key": {"@id": f"{name}/name"}, "field": made,
            "data": data}  # fmt: skip


def _tables_of_the_file() -> Sequence[dict[str, Any]]:
    """Tables of the images and boxes in annotations.json, each column with its JSON path."""
    images = [_extracted("image_list", "images", key, kind) for key, kind in IMAGE_KEYS.items()]
    boxes = [_extracted("box_list", "annotations", key, kind) for key, kind in BOX_KEYS.items()]
    boxes[1]["references"] = {"field": {"@id": "image_list/id"}}
    corners = {**_extracted("box_list", "annotations", "bbox", "Float"), "repeated": True}
    corners["description"] = "x, y, width, height in pixels of the image"
    return (
        {"@type": "cr:RecordSet", "@id": "image_list", "name": "image_list", "field": images},
        {"@type": "cr:RecordSet", "@id": "box_list", "name": "box_list", "field": [*boxes, corners]},
    )


def _extracted(table: str, part: str, key: str, kind: str) -> dict[str, Any]:
    where = {"fileObject": {"@id": f"{part}_json"}, "extract": {"jsonPath": f"$.{part}[*].{key}"}}
    return {**_field(table, key, kind), "source": where}


def _field(table: str, key: str, kind: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": f"{table}/{key}", "name": key, "dataType": f"sc:{kind}"}
