"""A detector from a list of layers, ours or the library's, that the library runs, trains and fuses as its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.torch_utils import initialize_weights

Source = int | list[int]
"""which layer's output a layer reads: -1 is the layer before, other numbers are positions"""
_PROBE_PX = 256


class LayerModel(DetectionModel):
    """A model of `layers`: (source, module) in order, the head last. criterion: makes the loss of a head of ours.

    A head of ours returns the raw maps of its levels in training, has `bias_init`, and is given its `stride`. criterion
    is called with the head and pickled where several processes train. None: the library's head and loss.
    """

    model: Any
    """the layers, an nn.Sequential whose items carry `i` and `f`"""
    stride: Tensor

    def __init__(
        self,
        layers: Sequence[tuple[Source, nn.Module]],
        class_count: int,
        criterion: Callable[[Any], Any] | None = None,
    ) -> None:
        nn.Module.__init__(self)  # the library's own constructor reads a table of its own layers
        for position, (source, layer) in enumerate(layers):
            mark: Any = layer
            mark.i, mark.f, mark.type = position, source, type(layer).__name__
            mark.np = sum(p.numel() for p in layer.parameters())
        self.model = nn.Sequential(*(layer for _, layer in layers))
        self.yaml = {"nc": class_count, "channels": 3}
        self.names = {i: str(i) for i in range(class_count)}
        self.inplace = True
        sources = [s for source, _ in layers for s in ([source] if isinstance(source, int) else source)]
        self.save = sorted({s for s in sources if s != -1})
        self.make_criterion = criterion
        initialize_weights(self)
        self._set_strides()

    def init_criterion(self) -> Any:
        """The loss of the head."""
        return self.make_criterion(self.model[-1]) if self.make_criterion else super().init_criterion()

    def _set_strides(self) -> None:
        head: Any = self.model[-1]
        self.eval()
        head.inplace = True
        head.training = True  # raw maps, without touching batch statistics
        with torch.no_grad():
            raw = self(torch.zeros(1, 3, _PROBE_PX, _PROBE_PX))
        maps = raw["feats"] if isinstance(raw, dict) else raw
        self.stride = head.stride = torch.tensor([_PROBE_PX / m.shape[2] for m in maps])
        self.train()
        head.bias_init()
