"""numba's compiled code on disk, which may be full or damaged: then it is compiled in memory, with one warning."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba.core.caching import IndexDataCacheFile

logger = logging.getLogger("bilstm_tagger")


class Sealed(IndexDataCacheFile):
    """Files of compiled code with a checksum beside each: flipped bits would run as code."""

    def _save_data(self, name: str, data: Any) -> None:
        super()._save_data(name, data)  # type: ignore[no-untyped-call]
        with self._open_for_write(self._seal(name)) as stream:
            stream.write(self._checksum(name))

    def _load_data(self, name: str) -> Any:
        if Path(self._seal(name)).read_bytes() != self._checksum(name):
            raise ValueError("the checksum of compiled code is wrong")
        return super()._load_data(name)  # type: ignore[no-untyped-call]

    def _seal(self, name: str) -> str:
        return f"{self._path(name)}.sha256"

    def _checksum(self, name: str) -> bytes:
        return hashlib.sha256(Path(self._path(name)).read_bytes()).digest()

    def _path(self, name: str) -> str:
        return str(self._data_path(name))  # type: ignore[no-untyped-call]


class TolerantCache:
    """A cache of compiled functions whose faults cost time, not the run."""

    _warned = False

    def __init__(self, cache: Any) -> None:
        """Wrap the cache of one function."""
        self._cache = cache
        cache._cache_file.__class__ = Sealed

    def __getattr__(self, name: str) -> Any:
        """Everything else is the cache's."""
        return getattr(self._cache, name)

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The compiled function, or None if it must be compiled."""
        try:
            return self._cache.load_overload(signature, context)
        except Exception as error:  # pickle, llvmlite and files raise anything of damaged ones
            self._warn("read", error)
            with suppress(Exception):
                self._cache.flush()  # so that it is written anew
            return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled function on disk, if that can be done."""
        try:
            self._cache.save_overload(signature, result)
        except Exception as error:
            self._warn("written", error)

    def _warn(self, what: str, error: Exception) -> None:
        if TolerantCache._warned:
            return
        TolerantCache._warned = True
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        logger.warning(
            "compiled loops cannot be %s (%s): they are compiled in memory, which takes some seconds; "
            "free the disk, or name a folder by NUMBA_CACHE_DIR (%s)",
            what,
            self._cache.cache_path,
            reason,
        )


def tolerant(function: Callable[..., Any]) -> Callable[..., Any]:
    """The compiled function, whose cache on disk may fail."""
    cache = getattr(function, "_cache", None)
    if hasattr(cache, "_cache_file"):
        function._cache = TolerantCache(cache)  # type: ignore[attr-defined]
    return function
