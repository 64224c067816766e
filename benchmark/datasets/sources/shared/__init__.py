"""What several public sources share: how a source is described, and layouts that many of them have."""
