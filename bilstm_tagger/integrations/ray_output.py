"""The output folder of a run on Ray: what stands there, and how a run that was interrupted goes on.

Ray writes a file for each block. A driver that is killed leaves whole files, and perhaps the beginning of some. Such a
beginning is told by its end: Parquet ends with a footer, JSON lines with a line end. So a run goes on by what is in the
folder, with no record of its own for each row: beginnings are removed, and rows whose ids are there are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.integrations.ray import import_ray
from bilstm_tagger.integrations.ray_inputs import TASK, file_system, place_of

if TYPE_CHECKING:
    import pyarrow as pa

# Readers of Parquet folders leave out names that begin with an underscore.
MANIFEST = "_manifest.json"  # there once all rows are
MARK = "_run.json"  # there until then: what the run is asked for
_SUFFIXES = {"parquet": "parquet", "jsonl": "json"}  # as Ray names its files
OUTPUTS = tuple(_SUFFIXES)
FILE_ROWS = 5000  # at least, in a file of output; less is lost with a driver, more makes fewer files


class Output:
    """The folder that a run writes.

    Args:
        uri: its path or URI.
        format: one of `OUTPUTS`.

    Raises:
        ConfigError: if there is no such format.
    """

    def __init__(self, uri: str, format: str) -> None:
        if format not in OUTPUTS:
            raise ConfigError(
                f"with --engine ray the output is {' or '.join(OUTPUTS)}, not {format!r}; choose it, --format"
            )
        self.uri = uri
        self.format = format
        self.place = place_of(uri)
        self._system, self._path = file_system(uri)

    def check(self, inputs: Sequence[str], *, force: bool, resume: bool) -> None:
        """Refuses a folder in which something else stands.

        Args:
            inputs: paths or URIs of what is read.
            force: whether it may be removed.
            resume: whether an interrupted run may be there.

        Raises:
            ConfigError: naming the options that help.
        """
        inside = [each for each in inputs if f"{place_of(each)}/".startswith(f"{self.place.rstrip('/')}/")]
        if force and inside:
            raise ConfigError(f"{self.uri}: --force would remove {inside[0]}, which is read; choose another --output")
        names = {info.base_name for info in self._infos()}
        if not names or force:
            return
        if not resume:
            raise ConfigError(
                f"{self.uri}: is not empty; use --force, which removes what is there, --resume, which goes on with an "
                "interrupted run, or another --output"
            )
        if not names & {MANIFEST, MARK}:
            raise ConfigError(f"{self.uri}: no run of --engine ray has written there; use --force or another --output")

    def begin(self, facts: Mapping[str, Any], *, force: bool) -> bool:
        """Makes the folder ready, and says whether rows of an interrupted run are there.

        Args:
            facts: what the run is asked for; plain values.
            force: whether what is there is removed.

        Raises:
            ConfigError: if the interrupted run was asked for something else.
        """
        if force:
            self._system.delete_dir_contents(self._path, missing_dir_ok=True)
        before = None if force else self.read(MANIFEST) or self.read(MARK)
        if before is None:
            self._system.create_dir(self._path, recursive=True)
            self.write(MARK, facts)
            return False
        if other := [name for name, value in facts.items() if before.get(name) != value]:
            raise ConfigError(
                f"{self.uri}: the run there was of another {', '.join(other)}; give the same again, or begin anew with "
                "--force"
            )
        for path in self.files():
            if not self._is_whole(path):
                self._system.delete_file(path)
        return True

    def end(self, manifest: Mapping[str, Any]) -> None:
        """Writes the manifest, in place of the mark of a run."""
        self.write(MANIFEST, manifest)
        if self.read(MARK) is not None:
            self._system.delete_file(f"{self._path}/{MARK}")

    def read(self, name: str) -> dict[str, Any] | None:
        """The values of a file of the folder; None if it is not there, and none if it is damaged."""
        try:
            with self._system.open_input_stream(f"{self._path}/{name}") as stream:
                values = json.loads(stream.read())
        except FileNotFoundError:
            return None
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}

    def write(self, name: str, values: Mapping[str, Any]) -> None:
        """Writes values into a file of the folder."""
        with self._system.open_output_stream(f"{self._path}/{name}") as stream:
            stream.write((json.dumps(values, ensure_ascii=False, indent=2) + "\n").encode())

    def files(self) -> list[str]:
        """Paths of the files that hold rows."""
        suffix = _SUFFIXES[self.format]
        return sorted(i.path for i in self._infos() if i.extension == suffix and not i.base_name.startswith("_"))

    def write_rows(self, dataset: Any) -> None:
        """Computes a data set of Ray and writes it, beside what is there."""
        write = dataset.write_parquet if self.format == "parquet" else dataset.write_json
        write(self.place, min_rows_per_file=FILE_ROWS, ray_remote_args=TASK, mode=import_ray().data.SaveMode.APPEND)

    def rows(self, column: str) -> Any:
        """A data set of Ray, of one column of what has been written."""
        data: Any = import_ray().data
        read = data.read_parquet if self.format == "parquet" else data.read_json
        # By URI: given a file system, Ray looks for one of HTTP, which has further requirements.
        base, *query = self.place.split("?") if "://" in self.place else [self.place]
        named = (f"{base.rstrip('/')}{path.removeprefix(self._path)}" for path in self.files())
        files = ["?".join([path, *query]) for path in named]
        return read(files, **TASK).select_columns([column])

    def unwritten(self, dataset: Any, column: str) -> Any:
        """The rows of a data set of Ray that have not been written.

        Args:
            dataset: rows of the input.
            column: the column of their ids.

        Raises:
            CorpusError: if the column does not tell rows apart.
        """
        ids = self._ids(column)
        if ids is None:
            return dataset
        known = {"column": column, "ids": import_ray().put(ids)}
        return dataset.map_batches(_leave_out, fn_kwargs=known, batch_format="pyarrow", batch_size=None, **TASK)

    def _ids(self, column: str) -> pa.Array | None:
        """The ids of the rows that have been written; None if there are none."""
        import pyarrow as pa

        if not self.files():
            return None
        tables = import_ray().get(self.rows(column).to_arrow_refs())
        found = pa.concat_tables(tables, promote_options="permissive").column(column).combine_chunks()
        if found.null_count or len(found.unique()) < len(found):
            raise CorpusError(
                f"{self.uri}: several rows have no {column!r} or the same one, so none of them can be told; name a "
                "column that is another in each row, --id-column"
            )
        return found

    def counts(self) -> tuple[int, int, int]:
        """Rows, tokens and rows without tokens of what has been written."""
        if not self.files():
            return 0, 0, 0
        counted = self.rows("start_char").map_batches(_count, batch_format="pyarrow", batch_size=None, **TASK)
        each = counted.take_all()
        rows, tokens, empty = (sum(one[name] for one in each) for name in ("rows", "tokens", "empty"))
        return rows, tokens, empty

    def _infos(self) -> list[Any]:
        from pyarrow import fs

        found: list[Any] = self._system.get_file_info(fs.FileSelector(self._path, allow_not_found=True))
        return found

    def _is_whole(self, path: str) -> bool:
        """Whether the writing of a file came to its end; of JSON lines that all of its lines did."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with self._system.open_input_file(path) as file:
            if self.format == "parquet":
                try:
                    pq.read_metadata(file)
                except pa.ArrowInvalid:
                    return False
                return True
            size = file.size()
            file.seek(max(size - 1, 0))
            return bool(file.read(1) == b"\n")


def _leave_out(rows: pa.Table, *, column: str, ids: Any) -> pa.Table:
    return left_out(rows, column=column, ids=import_ray().get(ids))


def left_out(rows: pa.Table, *, column: str, ids: pa.Array) -> pa.Table:
    """The rows whose ids are others.

    Args:
        rows: some rows of the input.
        column: the column of their ids.
        ids: those that are left out.

    Raises:
        CorpusError: if rows have no id, or ids are of another kind.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not rows.num_rows:
        return rows
    values = rows.column(column)
    if values.null_count:
        raise CorpusError(f"{values.null_count} rows have no {column!r}; name a column that all have, --id-column")
    try:
        ids = ids.cast(values.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise CorpusError(
            f"column {column!r} is of {values.type} in the input and of {ids.type} in the output; name another one, "
            "--id-column"
        ) from None
    return rows.filter(pc.invert(pc.is_in(values, value_set=ids)))


def _count(batch: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.list_value_length(batch["start_char"])
    counts = {"rows": batch.num_rows, "tokens": pc.sum(lengths).as_py() or 0}
    counts["empty"] = pc.sum(pc.equal(lengths, 0)).as_py() or 0
    return pa.table({name: [count] for name, count in counts.items()})
