"""The routes of the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Annotated, Any

import orjson
from fastapi import APIRouter, Depends, File, Form, HTTPException, Request, UploadFile
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

from bilstm_tagger.files.formats import OUTPUT_FORMATS
from bilstm_tagger.integrations.server import schemas
from bilstm_tagger.integrations.server.access import authorised
from bilstm_tagger.integrations.server.admission import Admission
from bilstm_tagger.integrations.server.limits import Limits
from bilstm_tagger.integrations.server.metrics import Metrics
from bilstm_tagger.integrations.server.schemas import ExportRequest, FormatName, TagRequest, problems
from bilstm_tagger.integrations.server.service import ServedModel, written
from bilstm_tagger.integrations.server.uploads import KINDS, TooLongError
from bilstm_tagger.version import __version__

router = APIRouter()
_guarded = [Depends(authorised)]
_EVERYWHERE = problems(400, 401, 403, 408)
_WORK = _EVERYWHERE | problems(404, 413, 422, 429, 503)
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": _BYTES}}


@dataclass(frozen=True, slots=True)
class ServerState:
    """What the routes work with.

    Attributes:
        models: by name, the first one tags where none is named.
        limits: of requests.
        metrics: counts.
        admission: runs work in threads.
    """

    models: Mapping[str, ServedModel]
    limits: Limits
    metrics: Metrics
    admission: Admission

    def model(self, name: str | None) -> ServedModel:
        """The model of that name, or the first one.

        Raises:
            HTTPException: 404 if there is none.
        """
        if not name:
            return next(iter(self.models.values()))
        if name not in self.models:
            raise HTTPException(404, f"no model {name!r} is served; there are: {', '.join(self.models)}")
        return self.models[name]

    def check_number(self, number: int, what: str) -> None:
        """Refuses too many texts.

        Raises:
            HTTPException: 413.
        """
        if number > self.limits.texts:
            raise HTTPException(413, f"{number:,} {what} in one request; at most {self.limits.texts:,} are allowed")

    def check_characters(self, characters: int) -> None:
        """Refuses texts that are too long together.

        Raises:
            HTTPException: 413.
        """
        if characters > self.limits.characters:
            most = f"{self.limits.characters:,}"
            raise HTTPException(413, f"{characters:,} characters of text in one request; at most {most} are allowed")


def _server(request: Request) -> ServerState:
    state: ServerState = request.app.state.server
    return state


@router.post("/tag", dependencies=_guarded, responses=_WORK | {200: {"model": schemas.TagResponse}})
async def tag(asked: TagRequest, request: Request) -> Response:
    """Tag one text or several."""
    server = _server(request)
    model = server.model(asked.model)
    texts = asked.all_texts()
    server.check_number(len(texts), "texts")
    server.check_characters(sum(map(len, texts)))
    answer = await server.admission.admit(lambda: model.submit(asked))
    return Response(answer, media_type="application/json")


@router.post(
    "/files",
    dependencies=_guarded,
    responses=_WORK | {200: {"model": schemas.FilesResponse, "content": _BYTES}},
)
async def tag_files(
    request: Request,
    files: Annotated[list[UploadFile], File(description="Files to tag; the suffix tells what each is.")],
    model: Annotated[str, Form(description="Name of a model; the first one if none is named.")] = "",
    format: Annotated[
        FormatName | None, Form(description="Answer with a file in this format; else with JSON as `/tag` does.")
    ] = None,
    probabilities: Annotated[bool, Form()] = False,
    min_probability: Annotated[float, Form(ge=0, le=1)] = 0.0,
    alternatives: Annotated[int, Form(ge=0, le=schemas.MOST_ALTERNATIVES)] = 0,
) -> Response:
    """Tag files: text, pages, mails, subtitles, Word, PDF, tables, annotated files."""
    server = _server(request)
    served = server.model(model)
    server.check_number(len(files), "files")
    contents: list[tuple[str, IO[bytes]]] = [(each.filename or "", each.file) for each in files]

    def work() -> Response:
        tagged = served.tag_files(
            contents,
            probabilities=probabilities or bool(alternatives),
            min_probability=min_probability,
            most_characters=server.limits.characters,
        )
        if tagged.failures and (format is not None or not tagged.documents):
            more = f"; and {len(tagged.failures) - 1} more files fail" if len(tagged.failures) > 1 else ""
            raise HTTPException(422, tagged.failures[0] + more)
        if format is not None:
            return _file(written(tagged.documents, format), format)
        records = served.records(tagged.documents, probabilities=probabilities, alternatives=alternatives)
        answer = {"model": served.name, "documents": records, "failures": tagged.failures}
        return Response(orjson.dumps(answer), media_type="application/json")

    try:
        return await server.admission.run(work)
    except TooLongError as error:
        raise HTTPException(413, str(error)) from None


@router.post("/export", dependencies=_guarded, responses=_WORK | _FILE, response_class=Response)
async def export(asked: ExportRequest, request: Request) -> Response:
    """Write documents, whose spans may have been corrected, in a format of files."""
    server = _server(request)
    served = server.model(asked.model)
    server.check_number(len(asked.documents), "documents")

    def work() -> Response:
        return _file(written(served.corrected(asked.documents), asked.format), asked.format)

    return await server.admission.run(work)


def _file(content: bytes, format: str) -> Response:
    name = f"tagged{OUTPUT_FORMATS[format].suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.get("/models", dependencies=_guarded, responses=_EVERYWHERE | {200: {"model": schemas.ModelsResponse}})
async def models(request: Request) -> Response:
    """The models, formats of results, and kinds of files that are read."""
    described = [model.described() for model in _server(request).models.values()]
    formats = {name: each.suffix for name, each in OUTPUT_FORMATS.items()}
    answer = {"models": described, "formats": formats, "suffixes": sorted(KINDS)}
    return Response(orjson.dumps(answer), media_type="application/json")


@router.get("/health", responses=problems(400))
async def health() -> schemas.Health:
    """That the server answers."""
    return schemas.Health(version=__version__)


@router.get("/metrics", dependencies=_guarded, responses=_EVERYWHERE | {200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Counts for Prometheus."""
    return Response(generate_latest(_server(request).metrics.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)
