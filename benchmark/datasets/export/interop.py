"""Conversion of data sets and detections for other libraries: supervision, FiftyOne, Hugging Face `datasets`.

Nothing is copied or sent: the results refer to the image files on this machine. For redistribution the licences of the
sources apply (`bench data card NAME`). Available as `benchmark.to_supervision` and so on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.core.boxes import xyxy_to_xywh
from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import ConfigError, MissingExtraError
from benchmark.core.sample import Dataset, Sample

if TYPE_CHECKING:
    import datasets as hf
    import fiftyone as fo
    import supervision as sv


def to_supervision(boxes: Detections | Annotations, names: Sequence[str]) -> sv.Detections:
    """Boxes of one image as `supervision.Detections`; ground truth has no confidence.

    names: class names by label (of a vocabulary, or of a data set's categories), for `data["class_name"]`. Raises
    ConfigError for a label without a name, MissingExtraError without supervision.
    """
    library = _supervision()
    _check_labels(boxes, names)
    scores = boxes.scores if isinstance(boxes, Detections) else None
    made: sv.Detections = library.Detections(
        xyxy=boxes.xyxy.astype(np.float32),
        confidence=scores,
        class_id=boxes.labels.astype(int),
        data={"class_name": np.array([names[label] for label in boxes.labels.tolist()], dtype=str)},
    )
    return made


def to_supervision_dataset(dataset: Dataset, image_ids: Sequence[int] | None = None) -> sv.DetectionDataset:
    """Ground truth of those images as `supervision.DetectionDataset`, which reads image files when accessed.

    image_ids: None for all images. Raises DataError for a missing image, MissingExtraError without supervision.
    """
    library = _supervision()
    samples = _samples(dataset, image_ids)
    names = [category.name for category in dataset.categories]
    boxes = {str(sample.path): to_supervision(sample.annotations, names) for sample in samples}
    made: sv.DetectionDataset = library.DetectionDataset(classes=names, images=list(boxes), annotations=boxes)
    return made


def to_fiftyone(
    dataset: Dataset,
    image_ids: Sequence[int] | None = None,
    detections: Mapping[int, Detections] | None = None,
    names: Sequence[str] | None = None,
) -> list[fo.Sample]:
    """Images as FiftyOne samples with `ground_truth` and, where given, `predictions`.

    For `fiftyone.Dataset("mine").add_samples(...)`, which needs FiftyOne's database; making samples does not. Raises
    ConfigError for a label without a name, DataError for a missing image, MissingExtraError without fiftyone.

    Args:
        dataset: the opened data set.
        image_ids: None for all images.
        detections: by image id.
        names: class names by label of the detections; None for the data set's categories.
    """
    own = [category.name for category in dataset.categories]
    _fiftyone()  # fails before any image is made
    return fiftyone_samples(_samples(dataset, image_ids), own, detections, own if names is None else names)


def fiftyone_samples(
    samples: Sequence[Sample],
    own: Sequence[str],
    detections: Mapping[int, Detections] | None,
    asked: Sequence[str],
) -> list[fo.Sample]:
    """As to_fiftyone, for samples. own: class names by label of the samples; asked: of the detections."""
    fo = _fiftyone()
    made = []
    for sample in samples:
        fields = {"ground_truth": _fiftyone_boxes(fo, sample, sample.annotations, own)}
        if detections is not None and sample.image_id in detections:
            fields["predictions"] = _fiftyone_boxes(fo, sample, detections[sample.image_id], asked)
        made.append(
            fo.Sample(filepath=str(sample.path), tags=[sample.scene, sample.source], image_id=sample.image_id, **fields)
        )
    return made


def huggingface_features(dataset: Dataset) -> hf.Features:
    """The columns of `to_huggingface`: boxes as x, y, width, height in pixels, classes as a ClassLabel.

    Raises MissingExtraError without the library `datasets`.
    """
    hf = _huggingface()
    names = [category.name for category in dataset.categories]
    return hf.Features(
        {
            "image_id": hf.Value("int64"),
            "image": hf.Image(),
            "width": hf.Value("int32"),
            "height": hf.Value("int32"),
            "scene": hf.Value("string"),
            "group": hf.Value("string"),
            "source": hf.Value("string"),
            "objects": {
                "bbox": hf.List(hf.List(hf.Value("float64"), length=4)),
                "category": hf.List(hf.ClassLabel(names=names)),
                "area": hf.List(hf.Value("float64")),
                "iscrowd": hf.List(hf.Value("bool")),
            },
        }
    )


def to_huggingface(dataset: Dataset, image_ids: Sequence[int] | None = None) -> hf.Dataset:
    """Ground truth of those images as a Hugging Face `datasets.Dataset`, which decodes image files when accessed.

    Its `info` has citation and licences. image_ids: None for all images. Raises DataError for a missing image,
    MissingExtraError without the library `datasets`.
    """
    hf = _huggingface()
    info, features = dataset.info, huggingface_features(dataset)
    about = hf.DatasetInfo(
        features=features,
        description=info.title,
        citation="; ".join(text for text in (info.citation, *(source.citation for source in info.sources)) if text),
        license="; ".join(f"{source.name}: {source.licence}" for source in info.sources),
        version=f"{info.version}.0.0",
    )
    rows = [_huggingface_row(sample) for sample in _samples(dataset, image_ids)]
    return hf.Dataset.from_list(rows, features=features, info=about)


def _samples(dataset: Dataset, image_ids: Sequence[int] | None) -> list[Sample]:
    ids = sorted(dataset.samples) if image_ids is None else list(image_ids)
    dataset.ensure(ids)
    return [dataset.samples[image_id] for image_id in ids]


def _check_labels(boxes: Detections | Annotations, names: Sequence[str]) -> None:
    if len(boxes) and int(boxes.labels.max()) >= len(names):
        raise ConfigError(f"label {int(boxes.labels.max())} has no name: {len(names)} names were given")


def _fiftyone_boxes(fo: Any, sample: Sample, boxes: Detections | Annotations, names: Sequence[str]) -> Any:
    """Boxes in FiftyOne's form: left, top, width, height as fractions of the image."""
    _check_labels(boxes, names)
    size = np.array([sample.width_px, sample.height_px] * 2, np.float64)
    relative = (xyxy_to_xywh(boxes.xyxy.astype(np.float64)) / size).tolist()
    scores = boxes.scores.tolist() if isinstance(boxes, Detections) else [None] * len(boxes)
    return fo.Detections(
        detections=[
            fo.Detection(label=names[label], bounding_box=box, confidence=score)
            for label, box, score in zip(boxes.labels.tolist(), relative, scores, strict=True)
        ]
    )


def _huggingface_row(sample: Sample) -> dict[str, Any]:
    boxes = sample.annotations
    return {
        "image_id": sample.image_id,
        "image": str(sample.path),
        "width": sample.width_px,
        "height": sample.height_px,
        "scene": sample.scene,
        "group": sample.group,
        "source": sample.source,
        "objects": {
            "bbox": xyxy_to_xywh(boxes.xyxy).tolist(),
            "category": boxes.labels.tolist(),
            "area": boxes.area_px.tolist(),
            "iscrowd": boxes.iscrowd.tolist(),
        },
    }


def _supervision() -> Any:
    try:
        import supervision  # noqa: PLC0415 - optional
    except ModuleNotFoundError as error:
        raise MissingExtraError("supervision", "interop") from error
    return supervision


def _fiftyone() -> Any:
    try:
        import fiftyone  # noqa: PLC0415 - optional
    except ModuleNotFoundError as error:
        raise MissingExtraError("fiftyone", "fiftyone") from error
    return fiftyone


def _huggingface() -> Any:
    try:
        import datasets  # noqa: PLC0415 - optional
    except ModuleNotFoundError as error:
        raise MissingExtraError("datasets", "interop") from error
    if datasets.__file__ is None:  # a folder of that name on the path is a namespace package
        raise MissingExtraError("datasets", "interop")
    return datasets
