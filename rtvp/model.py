"""The detector: YOLO-World with RTVP's prompts added to the backbone outputs that its neck reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.modules import C2fAttn, ImagePoolingAttn, WorldDetect
from ultralytics.nn.tasks import DetectionModel, WorldModel, yaml_model_load
from ultralytics.utils.loss import v8DetectionLoss

from rtvp.config import PromptConfig
from rtvp.domain_adaptation import StopRule, domain_loss
from rtvp.feature_activation import ActivationHead, activation_loss, cell_centres_px, centre_assignment
from rtvp.fusion import Fusion
from rtvp.interaction import plain_neck
from rtvp.visual_prompt import LevelPrompt, VisualPrompter

LEVEL_LAYERS = (4, 6, 9)
"""backbone layers whose outputs are P3, P4, P5 in all YOLOv8 tables"""
SIZES = ("n", "s", "m", "l", "x")


@dataclass(frozen=True, eq=False)
class Intermediates:
    """Intermediate results of a prediction, for figures. Lists hold P3, P4, P5.

    predictions: (B, 4 + K, A), xywh px and scores; prompts: see LevelPrompt; fused: X = C + gamma ConvBN(V), the
    visual prompt's view; features: what the contrastive head reads, the text-visual prompt's view.
    """

    predictions: Tensor
    prompts: list[LevelPrompt]
    fused: list[Tensor]
    features: list[Tensor]


class _AssigningLoss(v8DetectionLoss):
    """The detector's loss; also remembers which cell answers for which box, for the auxiliary head."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.targets_px = self.weights = torch.empty(0)
        self.assigner.register_forward_hook(self._remember)

    def _remember(self, _module: nn.Module, _inputs: Any, output: tuple[Tensor, ...]) -> None:
        _, targets_px, target_scores, foreground, _ = output
        self.targets_px, self.weights = targets_px, target_scores.sum(dim=-1) * foreground


def layer_table(size: str, config: PromptConfig) -> dict[str, Any]:
    """The library's layer table for a size (`n`, `s`, ...), head version and neck. Raises ValueError for a size."""
    if size not in SIZES:
        raise ValueError(f"size '{size}': one of {', '.join(SIZES)} is needed")
    world = yaml_model_load(f"yolov8{size}-world{'v2' if config.head == 'v2' else ''}.yaml")
    table: dict[str, Any] = world if config.interaction else plain_neck(yaml_model_load(f"yolov8{size}.yaml"), world)
    return table


class RTVP(WorldModel):
    """Refined text-visual prompt on YOLOv8-World.

    size: of the detector and its expert; class_count: names shown at a fit (the head's width follows it);
    text_projection: (B, K, encoder dimensions) to (B, K, 512), part of the checkpoint.
    `args` must be set before `loss` is called, as for any ultralytics model.
    """

    model: Any
    """the library's layers, an nn.Sequential whose items carry `i` and `f`"""
    args: Any
    """gains of the detection loss: `box`, `cls` and `dfl`"""

    def __init__(
        self, size: str, class_count: int, text_projection: nn.Module, config: PromptConfig | None = None
    ) -> None:
        config = config or PromptConfig()
        table = {**layer_table(size, config), "nc": class_count}
        super().__init__(table, ch=3, nc=class_count, verbose=False)
        self.config = config
        self.text_projection = text_projection
        c3, c4, c5 = (self.model[i].cv2.conv.out_channels for i in LEVEL_LAYERS)
        channels = (c3, c4, c5)
        self.prompter = VisualPrompter(channels, config)
        self.fusions = nn.ModuleList(Fusion(c, config.fusion, config.gamma_init) for c in channels)
        self.activation = ActivationHead(channels) if config.visual_prompt else None
        self.expert: DetectionModel | None = None
        if config.expert == "separate" and config.adapter:
            table = {**yaml_model_load(f"yolov8{size}.yaml"), "nc": class_count}
            self.expert = DetectionModel(table, ch=3, nc=class_count, verbose=False)
        self.stop_rule = StopRule(config) if config.adapter else None
        if config.bias_init == "level":
            self._init_biases(class_count)
        self.register_load_state_dict_post_hook(_freeze_finished)

    @property
    def loss_names(self) -> tuple[str, ...]:
        """Names of the loss items, in the order of the loss tensor's entries."""
        extra = (("da_loss", self.config.adapter), ("aux_loss", self.config.visual_prompt))
        names = [name for name, on in extra if on] + (["expert_loss"] if self.expert is not None else [])
        return ("box_loss", "cls_loss", "dfl_loss", *names)

    @property
    def adapting(self) -> bool:
        """Whether the domain adaptation layer is still being optimised."""
        return self.stop_rule is not None and not self.stop_rule.stopped

    def load_sam(self, state: Mapping[str, Any]) -> None:
        """Take Mobile-SAM's released weights; freezes the encoder unless `sam_train=trained`.

        Raises ValueError where a tensor is missing or of another shape.
        """
        self.prompter.sam.load_released(state)
        if self.config.sam_train == "auto":
            self.prompter.sam.freeze()

    def set_text(self, embeddings: Tensor) -> None:
        """Names to detect from now on: raw encoder embeddings (K, dimensions), projected once."""
        weights = next(self.parameters())
        with torch.no_grad():
            self.txt_feats = self.text_projection(embeddings[None].to(weights.device, weights.dtype))
        self.model[-1].nc = len(embeddings)

    def train(self, mode: bool = True) -> RTVP:
        """As any module, except that what the stop rule finished stays frozen."""
        super().train(mode)
        _freeze_finished(self)
        return self

    def predict(  # type: ignore[override]  # as WorldModel, whose texts its base class does not know
        self,
        x: Tensor,
        profile: bool = False,  # noqa: ARG002  # the library passes all four
        txt_feats: Tensor | None = None,
        augment: bool = False,  # noqa: ARG002
        embed: list[int] | None = None,  # noqa: ARG002
    ) -> Any:
        """RGB (B, 3, H, W) in [0, 1] to what YOLO-World's head gives; projected texts (1 or B, K, 512)."""
        texts = self._texts(x, txt_feats)
        levels = _run_backbone(self.model, x)
        if hasattr(self, "fusions"):  # not yet there when the library measures strides while building
            prompts = self.prompter(x, mask=self.training and self.adapting)
            levels = self._fuse(levels, prompts)
        return self._neck_and_head(levels, texts)

    def explain(self, x: Tensor) -> Intermediates:
        """As predict with the texts that were set, with everything in between. For a model in eval mode."""
        with torch.no_grad():
            prompts = self.prompter(x, mask=False)
            fused = self._fuse(_run_backbone(self.model, x), prompts)
            predictions, raw = self._neck_and_head(list(fused), self._texts(x, None))
        return Intermediates(predictions, prompts, fused, raw["feats"])

    def loss(self, batch: dict[str, Tensor], preds: Any = None) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss terms, one per entry of `loss_names`, and the same detached by name (per image, as the library's).

        batch: img (B, 3, H, W) in [0, 1]; batch_idx, cls (N,), bboxes (N, 4) xywh in shares of the image; txt_feats
        (B, K, encoder dimensions) raw embeddings. With `preds` (validation) only the detection terms are computed.
        """
        if getattr(self, "criterion", None) is None:
            self.criterion = self.init_criterion()
        if preds is not None:
            total, items = self.criterion(preds, batch)
            rest = self.loss_names[len(items) :]
            return torch.cat([total, total.new_zeros(len(rest))]), {**items, **{n: total.new_zeros(()) for n in rest}}
        image = batch["img"]
        levels = _run_backbone(self.model, image)
        prompts = self.prompter(image, mask=self.training and self.adapting)
        texts = self._texts(image, self.text_projection(batch["txt_feats"]))
        preds = self._neck_and_head(self._fuse(levels, prompts), texts)
        total, items = self.criterion(preds, batch)
        extra = self._extra_losses(batch, levels, prompts)
        detached = {name: value.detach() for name, (value, _) in extra.items()}
        scaled = [value * weight for value, weight in extra.values()]
        return torch.cat([total, *(term.reshape(1) for term in scaled)]), {**items, **detached}

    def init_criterion(self) -> _AssigningLoss:
        """The detection loss; called once, at the first step."""
        return _AssigningLoss(self)

    def on_epoch_end(self, epoch: int) -> dict[str, Any]:
        """Apply the stop rule at the end of `epoch` (from 0); facts for events and the fit's record."""
        if self.stop_rule is None:
            return {}
        if self.stop_rule.end_epoch(epoch):
            _freeze_finished(self)
        stop = int(self.stop_rule.stop_epoch)
        return {"domain_loss": round(self.stop_rule.value, 6), "domain_stop_epoch": stop if stop >= 0 else None}

    def _init_biases(self, class_count: int) -> None:
        for contrast, stride in zip(self.model[-1].cv4, self.stride.tolist(), strict=True):
            contrast.bias.data.fill_(log(5 / class_count / (640 / stride) ** 2))

    def _texts(self, x: Tensor, projected: Tensor | None) -> Tensor:
        texts: Tensor = (self.txt_feats if projected is None else projected).type_as(x)
        return texts.expand(x.shape[0], -1, -1)

    def _fuse(self, levels: list[Tensor], prompts: list[LevelPrompt]) -> list[Tensor]:
        return [
            fusion(level, prompt.refined, prompt.selected * prompt.scores)
            for fusion, level, prompt in zip(self.fusions, levels, prompts, strict=True)
        ]

    def _neck_and_head(self, levels: list[Tensor], texts: Tensor) -> Any:
        """X3, X4, X5 and texts (B, K, 512) through the layers behind the backbone (Eq. 7 is in its C2fAttn)."""
        updated = texts

        def run(layer: nn.Module, x: Any) -> Any:
            nonlocal updated
            if isinstance(layer, ImagePoolingAttn):
                updated = layer(x, updated)
                return x
            if isinstance(layer, WorldDetect):
                return layer(x, texts)  # the head contrasts with the texts as given, not as updated by the image
            return layer(x, updated) if isinstance(layer, C2fAttn) else layer(x)

        return _run_head(self.model, levels, run)

    def _extra_losses(
        self, batch: dict[str, Tensor], levels: list[Tensor], prompts: list[LevelPrompt]
    ) -> dict[str, tuple[Tensor, float]]:
        """Unweighted loss terms and their weights; the detection-like ones are multiplied by the batch size."""
        size = len(batch["img"])
        terms: dict[str, tuple[Tensor, float]] = {}
        expert_levels = levels
        if self.expert is not None:
            self.expert.args = self.args
            expert_levels = _run_backbone(self.expert.model, batch["img"])
            raw = _run_head(self.expert.model, expert_levels, lambda layer, x: layer(x))
            # a separate expert without a loss of its own would only drift towards SAM
            terms["expert_loss"] = (self.expert.loss(batch, raw)[0].sum() / size, self.config.expert_weight * size)
        if self.stop_rule is not None:
            masks = [prompt.kept for prompt in prompts if prompt.kept is not None]
            value = domain_loss([prompt.coarse for prompt in prompts], expert_levels, self.config, masks or None)
            if self.adapting and self.training:
                self.stop_rule.update(value.detach())
            terms["da_loss"] = (value, self.config.da_weight if self.adapting else 0.0)
        if self.activation is not None:
            value = self._activation_loss(self.activation, batch, [prompt.refined for prompt in prompts])
            terms["aux_loss"] = (value, self.config.aux_weight * size)
        return {name: terms[name] for name in self.loss_names if name in terms}

    def _activation_loss(self, head: ActivationHead, batch: dict[str, Tensor], refined: list[Tensor]) -> Tensor:
        targets_px, weights = self.criterion.targets_px, self.criterion.weights
        if self.config.aux_assign == "center":
            height, width = batch["img"].shape[-2:]
            centres, _ = cell_centres_px(refined)
            xywh = batch["bboxes"].to(centres) * centres.new_tensor([width, height, width, height])
            corners = torch.cat([xywh[:, :2] - xywh[:, 2:] / 2, xywh[:, :2] + xywh[:, 2:] / 2], dim=1)
            targets_px, weights = centre_assignment(centres, corners, batch["batch_idx"], len(batch["img"]))
        return self.config.aux_gain * activation_loss(head(refined), targets_px, weights)


def _run_backbone(layers: Any, x: Tensor) -> list[Tensor]:
    """P3, P4, P5 of a YOLOv8 layer list."""
    levels = []
    for layer in layers[: LEVEL_LAYERS[-1] + 1]:
        x = layer(x)
        if layer.i in LEVEL_LAYERS:
            levels.append(x)
    return levels


def _run_head(layers: Any, levels: list[Tensor], run: Callable[[nn.Module, Any], Any]) -> Any:
    """The layers behind the backbone, each through `run(layer, its inputs)`; what the last one gives."""
    outputs: dict[int, Any] = dict(zip(LEVEL_LAYERS, levels, strict=True))
    x: Any = levels[-1]
    for layer in layers[LEVEL_LAYERS[-1] + 1 :]:
        source: Any = layer.f
        if source != -1:
            x = outputs[source] if isinstance(source, int) else [x if j == -1 else outputs[j] for j in source]
        x = outputs[int(layer.i)] = run(layer, x)
    return x


def _freeze_finished(model: Any, _keys: Any = None) -> None:
    """Hold the adapter still once its stop rule has fired: no gradient, running statistics."""
    rule = getattr(model, "stop_rule", None)
    if rule is None or not rule.stopped:
        return
    for part in model.prompter.adapter_parts():
        part.eval()
        for parameter in part.parameters():
            parameter.requires_grad_(False)
            parameter.grad = None
