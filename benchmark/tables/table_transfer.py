"""Our own table: transfer to a scene that was left out of the fit."""

from benchmark.tables.content.transfer import TransferTable

TABLE = TransferTable("transfer", "detection in a scene that was left out of the fit", "transfer")
