"""Tables filled from records: what `bench table` prints and `bench paper` writes."""

from __future__ import annotations

from benchmark.core.errors import ConfigError, UnknownNameError
from benchmark.core.plugins import list_names, load, public_name
from benchmark.core.spec import PROFILES
from benchmark.records.comparisons import Comparisons
from benchmark.records.query import HIDDEN_PROFILES, dataset_records, run_records
from benchmark.tables.content.datasets import DatasetTable, fill_datasets
from benchmark.tables.content.sheet import Sheet, fill
from benchmark.tables.content.transfer import TransferTable, fill_transfer

SHOWN_PROFILES = tuple(name for name in PROFILES if name not in HIDDEN_PROFILES)


def numbers() -> list[str]:
    """Names of the tables: `1`, `2a`, ... `generalized`, `transfer`."""
    return [name.removeprefix("table-") for name in list_names("table")]


def sheet_of(number: str, data: str | None = None, profile: str | None = None, version: int | None = None) -> Sheet:
    """One table filled from records.

    Args:
        number: as `numbers` gives it.
        data: only records of this data set.
        profile: only records of this profile.
        version: of the data set; archived records are read too where it is given.

    Raises UnknownNameError, ConfigError for an option that the table does not take, RecordError where several records
    fit one cell.
    """
    number = number.removeprefix("table-").removeprefix("table_")
    if number not in numbers():
        raise UnknownNameError("table", number, numbers())
    table = load("table", f"table-{number}")
    if isinstance(table, DatasetTable):
        if data or profile or version is not None:
            raise ConfigError(
                f"table {number} is about data sets, not runs: it takes no --data, no --profile and no --version"
            )
        return fill_datasets(table, dataset_records())
    archived = version is not None
    if isinstance(table, TransferTable):
        return fill_transfer(table, run_records({table.task}, archived=archived), data, profile, version)
    records = run_records({table.task_of(row) for row in table.rows}, archived=archived)
    dataset = known_data(data, [table.paper_data, *(record.spec.dataset for record in records)])
    if profile is not None and profile not in SHOWN_PROFILES:
        raise UnknownNameError("profile", profile, SHOWN_PROFILES)
    return fill(table, records, dataset, profile, version, Comparisons.find())


def known_data(asked: str | None, others: list[str]) -> str | None:
    """The data set `asked` for, as records spell it. Raises UnknownNameError where no record and no data set has it."""
    if asked is None or asked in others:
        return asked
    name, mark, variant = asked.partition("@")
    if public_name(name) not in list_names("dataset"):
        raise UnknownNameError("data set", asked, {*others, *list_names("dataset")})
    return public_name(name) + mark + variant
