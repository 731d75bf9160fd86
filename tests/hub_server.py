"""A hub on this machine: as much of the Hugging Face hub's protocol as huggingface_hub speaks for models."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Hub:
    """What is stored, and what was asked.

    Attributes:
        commits: for each model the files of each commit.
        branches: for each model the commit of each branch.
        blobs: uploaded large files by checksum.
        asked: method and path of every request.
        url: where the server answers.
        private: models that answer 401 without a token.
    """

    def __init__(self) -> None:
        self.commits: dict[str, dict[str, dict[str, bytes]]] = {}
        self.branches: dict[str, dict[str, str]] = {}
        self.blobs: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.url = ""
        self.private: set[str] = set()

    def create(self, repo: str) -> bool:
        if repo in self.commits:
            return False
        self.commits[repo], self.branches[repo] = {}, {}
        self.commit(repo, "main", {".gitattributes": b"*.safetensors filter=lfs\n"})
        return True

    def commit(self, repo: str, branch: str, files: dict[str, bytes]) -> str:
        listed = [(name, hashlib.sha256(data).hexdigest()) for name, data in sorted(files.items())]
        number = len(self.commits[repo])
        commit = hashlib.sha1(json.dumps([number, listed]).encode(), usedforsecurity=False).hexdigest()
        self.commits[repo][commit] = files
        self.branches[repo][branch] = commit
        return commit

    def find(self, repo: str, revision: str) -> str | None:
        return self.branches[repo].get(revision, revision if revision in self.commits[repo] else None)

    def fetched(self) -> set[str]:
        """Names of the files whose content was asked for."""
        return {path.rpartition("/")[2] for method, path in self.asked if method == "GET" and "/resolve/" in path}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, value: Any = None, *, status: int = 200, data: bytes | None = None, **headers: str) -> None:
        content = json.dumps({} if value is None else value).encode() if data is None else data
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Type", "application/json" if data is None else "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _missing(self, kind: str) -> None:
        self._send(
            {"error": kind}, status=401 if kind == "RepoNotFound" else 404, X_Error_Code=kind, X_Error_Message=kind
        )

    def do_HEAD(self) -> None:
        self._read()

    def do_GET(self) -> None:
        self._read()

    def _read(self) -> None:
        path = self.path.split("?")[0]
        self.hub.asked.append((self.command, path))
        patterns = {
            r"/api/models/(?P<repo>[^/]+/[^/]+)(?:/revision/(?P<rev>.+))?": self._info,
            r"/api/models/(?P<repo>[^/]+/[^/]+)/tree/(?P<rev>[^/]+).*": self._tree,
            r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<rev>[^/]+)/(?P<file>.+)": self._file,
        }
        for pattern, answer in patterns.items():
            if match := re.fullmatch(pattern, path):
                repo, revision = match["repo"], match["rev"] or "main"
                private = repo in self.hub.private and not self.headers.get("Authorization")
                if repo not in self.hub.commits or private:
                    self._missing("RepoNotFound")
                elif (commit := self.hub.find(repo, revision)) is None:
                    self._missing("RevisionNotFound")
                else:
                    answer(repo, commit, **{"file": match["file"]} if "file" in match.groupdict() else {})
                return
        self._missing("EntryNotFound")

    def _info(self, repo: str, commit: str) -> None:
        files = [{"rfilename": name} for name in self.hub.commits[repo][commit]]
        self._send({"id": repo, "modelId": repo, "sha": commit, "private": False, "tags": [], "siblings": files})

    def _tree(self, repo: str, commit: str) -> None:
        files = self.hub.commits[repo][commit].items()
        self._send([
            {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha256(data).hexdigest()[:40]}
            for name, data in files
        ])  # fmt: skip

    def _file(self, repo: str, commit: str, *, file: str) -> None:
        data = self.hub.commits[repo][commit].get(file)
        if data is None:
            self._missing("EntryNotFound")
            return
        self._send(data=data, X_Repo_Commit=commit, ETag=f'"{hashlib.sha256(data).hexdigest()}"', Accept_Ranges="none")

    def do_PUT(self) -> None:
        data = self._body()
        self.hub.asked.append(("PUT", self.path))
        self.hub.blobs[hashlib.sha256(data).hexdigest()] = data
        self._send()

    def do_POST(self) -> None:
        path, body = self.path.split("?")[0], self._body()
        self.hub.asked.append(("POST", path))
        if not self.headers.get("Authorization") and "/verify" not in path:
            self._send({"error": "Invalid username or password."}, status=401)
        elif path == "/api/repos/create":
            values = json.loads(body)
            repo = "/".join(filter(None, (values.get("organization"), values["name"])))
            made = self.hub.create(repo)
            self._send({"url": f"{self.hub.url}/{repo}", "name": repo}, status=200 if made else 409)
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/(branch|preupload|commit)/(.+)", path):
            {"branch": self._branch, "preupload": self._preupload, "commit": self._commit}[match[2]](
                match[1], match[3], body
            )
        elif path.endswith("/info/lfs/objects/batch"):
            objects = [
                {**each, "actions": {"upload": {"href": f"{self.hub.url}/blobs/{each['oid']}"}}}
                for each in json.loads(body)["objects"]
            ]
            self._send({"transfer": "basic", "objects": objects})
        else:
            self._send({"errors": [], "warnings": []})

    def _branch(self, repo: str, name: str, _: bytes) -> None:
        known = name in self.hub.branches[repo]
        self.hub.branches[repo].setdefault(name, self.hub.branches[repo]["main"])
        self._send(status=409 if known else 200)

    def _preupload(self, _: str, __: str, body: bytes) -> None:
        files = [
            {
                "path": each["path"],
                "uploadMode": "lfs" if each["path"].endswith(".safetensors") else "regular",
                "shouldIgnore": False,
            }
            for each in json.loads(body)["files"]
        ]
        self._send({"files": files})

    def _commit(self, repo: str, branch: str, body: bytes) -> None:
        files = dict(self.hub.commits[repo][self.hub.branches[repo][branch]])
        for line in body.decode().splitlines():
            each = json.loads(line)
            value = each["value"]
            if each["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif each["key"] == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
            elif each["key"] == "deletedFile":
                del files[value["path"]]
        commit = self.hub.commit(repo, branch, files)
        self._send({"commitUrl": f"{self.hub.url}/{repo}/commit/{commit}", "commitOid": commit})


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub that answers on a port of its own."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
