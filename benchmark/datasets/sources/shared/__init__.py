"""What several sources share: how a source is described, layouts and classes that many of them have."""
