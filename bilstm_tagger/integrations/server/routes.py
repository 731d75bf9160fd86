"""The routes of the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, File, Form, HTTPException, Request, UploadFile
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

from bilstm_tagger.files.formats import OUTPUT_FORMATS
from bilstm_tagger.integrations.server import schemas
from bilstm_tagger.integrations.server.access import authorised
from bilstm_tagger.integrations.server.batching import WorkQueue
from bilstm_tagger.integrations.server.json_route import JSONRoute
from bilstm_tagger.integrations.server.limits import Limits
from bilstm_tagger.integrations.server.metrics import Metrics
from bilstm_tagger.integrations.server.schemas import ExportRequest, FormatName, TagRequest, problems
from bilstm_tagger.integrations.server.strict_route import StrictRoute, check_names
from bilstm_tagger.integrations.server.uploads import KINDS
from bilstm_tagger.integrations.server.work import FileAnswer, TagTexts, TagUploads, WriteDocuments
from bilstm_tagger.integrations.server.workers import ModelDescription
from bilstm_tagger.version import __version__

router = APIRouter(route_class=StrictRoute)
_guarded = [Depends(authorised)]
_EVERYWHERE = problems(400, 401, 403, 408)
_WORK = _EVERYWHERE | problems(404, 413, 422, 429, 503)
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": _BYTES}}
NOTES = "Bilstm-Tagger-Notes"  # the header of a file with what the answer in JSON has as `notes`
_NOTE, _LINE = 300, 4000  # characters of a note and of all of them there; servers on the way take about 8,000
_TOLD = {NOTES: {"schema": {"type": "string"}, "description": "The `notes` as a list in JSON, beside a file."}}


@dataclass(frozen=True, slots=True)
class ServerState:
    """What the routes work with.

    Attributes:
        models: what is told of each, by name; the first one tags where none is named.
        limits: of requests.
        metrics: counts.
        queue: of requests.
    """

    models: Mapping[str, ModelDescription]
    limits: Limits
    metrics: Metrics
    queue: WorkQueue

    def model(self, name: str | None) -> str:
        """The name of a model, the first one if none is named.

        Raises:
            HTTPException: 404 if there is none.
        """
        if not name:
            return next(iter(self.models))
        if name not in self.models:
            raise HTTPException(404, f"no model {name!r} is served; there are: {', '.join(self.models)}")
        return name

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


def _direct(endpoint: Callable[..., Any], path: str, responses: dict[int | str, dict[str, Any]]) -> None:
    """Adds a route for an endpoint that takes a body of JSON."""
    router.add_api_route(
        path,
        endpoint,
        methods=["POST"],
        dependencies=_guarded,
        responses=responses,
        response_class=Response,
        route_class_override=JSONRoute,
    )


async def tag(asked: TagRequest, request: Request) -> Response:
    """Tag one text or several."""
    server = _server(request)
    model = server.model(asked.model)
    texts = asked.all_texts()
    server.check_number(len(texts), "texts")
    server.check_characters(sum(map(len, texts)))
    job = TagTexts(model, texts, asked.probabilities, asked.min_probability, asked.alternatives, asked.n_best)
    return Response(await server.queue.answer(job), media_type="application/json")


_direct(tag, "/tag", _WORK | {200: {"model": schemas.TagResponse}})


@router.post(
    "/files",
    dependencies=[*_guarded, Depends(check_names)],
    responses=_WORK | {200: {"model": schemas.FilesResponse, "content": _BYTES, "headers": _TOLD}},
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
    name = server.model(model)
    server.check_number(len(files), "files")
    contents = [(each.filename or "", await each.read()) for each in files]
    most = server.limits.characters
    job = TagUploads(name, contents, format, probabilities, min_probability, alternatives, most_characters=most)
    answer = await server.queue.answer(job)
    if format is not None and isinstance(answer, FileAnswer):
        return _file(answer, format)
    return Response(answer, media_type="application/json")


async def export(asked: ExportRequest, request: Request) -> Response:
    """Write documents, whose spans may have been corrected, in a format of files."""
    server = _server(request)
    model = server.model(asked.model)
    server.check_number(len(asked.documents), "documents")
    answer = await server.queue.answer(WriteDocuments(model, asked.documents, asked.format))
    assert isinstance(answer, FileAnswer)
    return _file(answer, asked.format)


_direct(export, "/export", _WORK | _FILE)


def _file(answer: FileAnswer, format: str) -> Response:
    name = f"tagged{OUTPUT_FORMATS[format].suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if answer.notes:
        headers[NOTES] = _short(answer.notes)
    return Response(answer.content, media_type="application/octet-stream", headers=headers)


def _short(notes: Sequence[str]) -> str:
    """As many notes as a header can hold, as a list in JSON without other characters than those of ASCII."""
    cut = [note if len(note) <= _NOTE else f"{note[:_NOTE]}..." for note in notes[:_LINE]]
    ends = accumulate(len(json.dumps(note)) + 2 for note in cut)
    kept = sum(end <= _LINE for end in ends)
    more = [f"and {len(notes) - kept:,} more"] if kept < len(notes) else []
    return json.dumps([*cut[:kept], *more])


@router.get("/models", dependencies=_guarded, responses=_EVERYWHERE | {200: {"model": schemas.ModelsResponse}})
async def models(request: Request) -> Response:
    """The models, formats of results, and kinds of files that are read."""
    described = list(_server(request).models.values())
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
