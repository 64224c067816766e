"""The network of the paper's figure 2: ResNet, RoBERTa, one transformer over cells and tokens, three heads."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops.misc import FrozenBatchNorm2d

TOKENS = 255
"""caption positions that a query can point to; one more column is for no object"""


@dataclass(frozen=True)
class Answer:
    """Outputs of the decoder's layers, last layer last.

    logits (L, B, Q, 256); cxcywh (L, B, Q, 4) in shares of the image; queries (L, B, Q, 64) and tokens (B, T, 64):
    unit vectors for the contrastive alignment.
    """

    logits: Tensor
    cxcywh: Tensor
    queries: Tensor
    tokens: Tensor


class Attended(nn.Module):
    """Attention where positions are added to queries and keys only, with residual and norm after it."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.dropout, self.norm = nn.Dropout(dropout), nn.LayerNorm(width)

    def forward(self, x: Tensor, x_at: Tensor, memory: Tensor, memory_at: Tensor) -> Tensor:
        """Attention of x (B, N, D) over memory (B, M, D). x_at, memory_at: their positions, of broadcastable shapes."""
        read, _ = self.attention(x + x_at, memory + memory_at, memory, need_weights=False)
        out: Tensor = self.norm(x + self.dropout(read))
        return out


class FeedForward(nn.Module):
    """Two linear layers with ReLU, residual and norm."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.dropout, self.norm = nn.Dropout(dropout), nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) to the same."""
        out: Tensor = self.norm(x + self.dropout(self.outer(self.dropout(F.relu(self.inner(x))))))
        return out


class EncoderLayer(nn.Module):
    """Self-attention over cells and tokens together."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.itself, self.feed = Attended(width, heads, dropout), FeedForward(width, hidden, dropout)

    def forward(self, x: Tensor, at: Tensor) -> Tensor:
        """Cells and tokens x (B, N, D) at positions (B or 1, N, D)."""
        out: Tensor = self.feed(self.itself(x, at, x, at))
        return out


class DecoderLayer(nn.Module):
    """Self-attention over queries, then attention of queries over cells and tokens."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.itself, self.image = Attended(width, heads, dropout), Attended(width, heads, dropout)
        self.feed = FeedForward(width, hidden, dropout)

    def forward(self, x: Tensor, x_at: Tensor, memory: Tensor, memory_at: Tensor) -> Tensor:
        """Queries x (B, Q, D) and memory (B, N, D), each with its positions."""
        out: Tensor = self.feed(self.image(self.itself(x, x_at, x, x_at), x_at, memory, memory_at))
        return out


class Mdetr(nn.Module):
    """Predicts boxes for an image and a caption, each with a distribution over the caption's tokens.

    backbone: name of a torchvision ResNet; text_encoder: a RoBERTa; width, heads, hidden, layers (encoder, decoder):
    of the transformer.
    """

    def __init__(
        self,
        backbone: str,
        text_encoder: Any,
        width: int = 256,
        heads: int = 8,
        hidden: int = 2048,
        layers: tuple[int, int] = (6, 6),
        queries: int = 100,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        net = torchvision.models.get_model(backbone, weights=None, norm_layer=FrozenBatchNorm2d)
        channels = net.fc.in_features
        del net.avgpool, net.fc
        sizes = (width, heads, hidden, dropout)
        self.encoder = nn.ModuleList(EncoderLayer(*sizes) for _ in range(layers[0]))
        self.decoder = nn.ModuleList(DecoderLayer(*sizes) for _ in range(layers[1]))
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        self.backbone, self.text_encoder = net, text_encoder
        self.decoder_norm = nn.LayerNorm(width)
        self.resizer = nn.Sequential(
            nn.Linear(text_encoder.config.hidden_size, width), nn.LayerNorm(width, eps=1e-12), nn.Dropout(dropout)
        )
        self.input_proj = nn.Conv2d(channels, width, 1)
        self.query_embed = nn.Embedding(queries, width)
        self.token_head = nn.Linear(width, TOKENS + 1)
        self.box_head = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 4)
        )
        self.query_projection, self.token_projection = nn.Linear(width, 64), nn.Linear(width, 64)

    def encode_text(self, ids: Tensor) -> Tensor:
        """Token ids (B, T) of captions of the same length to features (B, T, D)."""
        out: Tensor = self.resizer(self.text_encoder(input_ids=ids).last_hidden_state)
        return out

    def encode_image(self, pixels: Tensor) -> Tensor:
        """(B, 3, H, W) without padding to (B, D, H / 32, W / 32)."""
        net: Any = self.backbone
        x = net.maxpool(net.relu(net.bn1(net.conv1(pixels))))
        out: Tensor = self.input_proj(net.layer4(net.layer3(net.layer2(net.layer1(x)))))
        return out

    def forward(self, cells: Tensor, tokens: Tensor) -> Answer:
        """Cells (B, D, h, w) and tokens (B, T, D), as the two encoders give them."""
        at = torch.cat([sine_positions(cells), torch.zeros_like(tokens[:1])], dim=1)
        x = torch.cat([cells.flatten(2).transpose(1, 2), tokens], dim=1)
        for layer in self.encoder:
            x = layer(x, at)
        query_at = self.query_embed.weight[None]
        query = torch.zeros_like(query_at).expand(len(x), -1, -1)
        states = []
        for layer in self.decoder:
            query = layer(query, query_at, x, at)
            states.append(self.decoder_norm(query))
        queries = torch.stack(states)
        return Answer(
            self.token_head(queries),
            self.box_head(queries).sigmoid(),
            F.normalize(self.query_projection(queries), dim=-1),
            F.normalize(self.token_projection(x[:, -tokens.shape[1] :]), dim=-1),
        )


def sine_positions(cells: Tensor) -> Tensor:
    """Positions (1, h * w, D) for a map (B, D, h, w): sines and cosines of row and column in shares of it times 2 pi.

    Parmar et al., Image Transformer, as in DETR: frequencies 10000 ** (-2i / (D / 2)), sine and cosine in turn.
    """
    half, (height, width) = cells.shape[1] // 2, cells.shape[2:]
    steps = torch.arange(half // 2, dtype=torch.float32, device=cells.device)
    frequency = 10000 ** (-2 * steps / half)

    def waves(count: int) -> Tensor:
        share = torch.arange(1, count + 1, dtype=torch.float32, device=cells.device) / (count + 1e-6) * 2 * pi
        angle = share[:, None] * frequency
        return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)

    rows = waves(height)[:, None].expand(-1, width, -1)
    columns = waves(width)[None].expand(height, -1, -1)
    return torch.cat([rows, columns], dim=2).reshape(1, height * width, -1).to(cells.dtype)
