"""A stand-in for W&B's server, for tests: it keeps what the real client sends and answers what the client asks.

Standard library only. It proves what the client does, not what W&B does with it. An operation that it does not know
is refused and remembered in `unknown`, so that a new client is noticed; the fixture fails the test for it.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
import urllib.parse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ENTITY = "ada"
NOW = "2026-01-01T00:00:00Z"
KEY = "local-" + "0" * 40
"""has the form of a key and opens nothing"""


@dataclass
class ServedRun:
    """One run as the server has it. history: one dict a line, in the order of their offsets."""

    entity: str
    project: str
    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    history_lines: dict[int, str] = field(default_factory=dict)
    event_lines: dict[int, str] = field(default_factory=dict)
    rewritten: int = 0
    """history lines that were sent again with other content"""
    state: str = "running"
    exit_code: int | None = None
    preempting: bool = False

    @property
    def history(self) -> list[dict[str, Any]]:
        return [json.loads(line) for _, line in sorted(self.history_lines.items())]

    @property
    def values(self) -> dict[str, Any]:
        """The config as it was given, without W&B's wrapping."""
        return {key: entry["value"] for key, entry in self.config.items() if key != "_wandb"}


@dataclass
class View:
    """A report."""

    id: str
    kind: str
    title: str
    spec: dict[str, Any]
    entity: str
    project: str
    saved: int = 1


class WandbServer:
    """Listens on a free port of this machine. fail_next: (part of a path or an operation, status), once each."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str, str], ServedRun] = {}
        self.projects: dict[tuple[str, str], int] = {}
        self.artifacts: dict[str, dict[str, Any]] = {}
        self.views: dict[str, View] = {}
        self.uploads: dict[str, bytes] = {}
        self.operations: Counter[str] = Counter()
        self.unknown: list[str] = []
        self.fail_next: list[tuple[str, int]] = []
        self.failed: list[str] = []
        self.lock = threading.RLock()
        self._server = _Listener(("127.0.0.1", 0), _Handler)
        self._server.wandb = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def run(self, name: str) -> ServedRun:
        """The only run of that id."""
        (found,) = [run for (_, _, known), run in self.runs.items() if known == name]
        return found

    def table(self, run: ServedRun, name: str) -> list[dict[str, Any]]:
        """A table of a run's summary, from the file that was uploaded for it."""
        path = f"{run.entity}/{run.project}/{run.name}/{run.summary[name]['path']}"
        content = json.loads(self.uploads[path])
        return [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- what arrives -------------------------------------------------------------------------------------------------

    def fails(self, what: str) -> int | None:
        for wanted, status in self.fail_next:
            if wanted in what:
                self.fail_next.remove((wanted, status))
                self.failed.append(what)
                return status
        return None

    def file_stream(self, entity: str, project: str, name: str, sent: dict[str, Any]) -> dict[str, Any]:
        run = self.runs[entity, project, name]
        for file, chunk in sent.get("files", {}).items():
            if file == "wandb-summary.json":
                run.summary = json.loads(chunk["content"][-1])
            elif file in ("wandb-history.jsonl", "wandb-events.jsonl"):
                lines = run.history_lines if file == "wandb-history.jsonl" else run.event_lines
                for position, line in enumerate(chunk["content"], chunk["offset"]):
                    run.rewritten += lines is run.history_lines and lines.get(position, line) != line
                    lines[position] = line
        run.preempting = run.preempting or bool(sent.get("preempting"))
        if sent.get("complete"):
            run.exit_code = sent.get("exitcode", 0)
            run.state = "finished" if run.exit_code == 0 else ("preempted" if run.preempting else "failed")
        return {"limits": {}}

    def graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        found = re.search(r"\b(?:query|mutation)\s+(\w+)", query)
        name = found[1] if found else ""
        self.operations[name] += 1
        answer = _OPERATIONS.get(name)
        if answer is None:
            self.unknown.append(name or query[:200])
            return {"errors": [{"message": f"the stand-in does not know the operation {name!r}"}]}
        return {"data": answer(self, variables)}

    def project(self, entity: str, name: str) -> dict[str, Any]:
        number = self.projects.setdefault((entity, name), len(self.projects) + 1)
        return {"id": _id("project", name), "internalId": str(number), "name": name, "entityName": entity,
                "createdAt": NOW, "isBenchmark": False, "entity": {"id": _id("entity", entity), "name": entity},
                "description": "", "access": "PRIVATE", "views": None, "user": None,
                "__typename": "Project"}  # fmt: skip


# --- operations -------------------------------------------------------------------------------------------------------


def _upsert_bucket(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    entity, project = asked.get("entity") or ENTITY, asked.get("project") or "uncategorized"
    key = (entity, project, asked["name"])
    inserted = key not in server.runs
    run = server.runs.setdefault(key, ServedRun(*key))
    if asked.get("config"):
        run.config = json.loads(asked["config"])
    facts = ("displayName", "groupName", "jobType", "tags", "state")
    run.facts |= {fact: asked[fact] for fact in facts if asked.get(fact) is not None}
    if inserted or asked.get("state") == "running":
        run.state, run.exit_code = "running", None
    return {"upsertBucket": {"bucket": {**_bucket(run), "project": server.project(entity, project)},
                             "inserted": inserted}}  # fmt: skip


def _resume_status(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    entity, project = asked.get("entity") or ENTITY, asked.get("project") or "uncategorized"
    run = server.runs.get((entity, project, asked["name"]))
    return {"model": {**server.project(entity, project), "bucket": _bucket(run) if run else None}}


def _bucket(run: ServedRun) -> dict[str, Any]:
    tail = [run.history_lines[key] for key in sorted(run.history_lines)[-1:]]
    events = [run.event_lines[key] for key in sorted(run.event_lines)[-1:]]
    return {
        "id": _id("run", run.name), "name": run.name, "displayName": run.facts.get("displayName", run.name),
        "description": "", "sweepName": None, "config": json.dumps(run.config),
        "summaryMetrics": json.dumps(run.summary),
        "logLineCount": 0, "historyLineCount": len(run.history_lines), "eventsLineCount": len(run.event_lines),
        "historyTail": json.dumps(tail), "eventsTail": json.dumps(events), "tags": run.facts.get("tags", []),
        "notes": None, "wandbConfig": json.dumps({"t": run.config.get("_wandb", {}).get("value", {}).get("t", {})}),
    }  # fmt: skip


def _runs(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    """Filters of the form {"config.NAME": value} are evaluated, others not."""
    filters = json.loads(asked.get("filters") or "{}")
    wanted = {key.removeprefix("config.").removesuffix(".value"): value for key, value in filters.items()}
    if (asked["entity"], asked["project"]) not in server.projects:
        return {"project": None}
    found = [run for (entity, project, _), run in sorted(server.runs.items())
             if (entity, project) == (asked["entity"], asked["project"])
             and all(run.values.get(key) == value for key, value in wanted.items())]  # fmt: skip
    start = int(asked.get("cursor") or 0)
    page = found[start : start + asked["perPage"]]
    edges = [{"node": {**_bucket(run), "projectId": "1", "state": run.state, "group": run.facts.get("groupName"),
                       "jobType": run.facts.get("jobType"), "commit": None, "readOnly": False, "createdAt": NOW,
                       "heartbeatAt": NOW, "systemMetrics": "{}", "user": {"name": ENTITY, "username": ENTITY},
                       "historyKeys": None}, "cursor": str(start + i + 1)} for i, run in enumerate(page)]  # fmt: skip
    more = start + len(page) < len(found)
    info = {"endCursor": str(start + len(page)), "hasNextPage": more}
    project = server.project(asked["entity"], asked["project"])
    return {
        "project": {**project, "runCount": len(found), "readOnly": False, "runs": {"edges": edges, "pageInfo": info}}
    }


def _create_run_files(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    place = f"{asked['entity']}/{asked['project']}/{asked['run']}"
    files = [{"name": name, "uploadUrl": _upload(server, f"{place}/{name}")} for name in asked["files"]]
    return {"createRunFiles": {"runID": _id("run", asked["run"]), "uploadHeaders": [], "files": files}}


def _create_artifact(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    facts = asked["input"]
    sequence = facts["artifactCollectionName"]
    same = [key for key, known in server.artifacts.items()
            if (known["sequence"], known["digest"]) == (sequence, facts["digest"])]  # fmt: skip
    key = same[0] if same else _id("artifact", f"{len(server.artifacts)}")
    server.artifacts.setdefault(
        key, {"sequence": sequence, "digest": facts["digest"], "facts": facts, "state": "PENDING"}
    )
    latest = {"id": key} if same else None
    state = server.artifacts[key]["state"]
    return {"createArtifact": {"artifact": {"id": key, "state": state, "artifactSequence": {"latestArtifact": latest}}}}


def _create_manifest(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    url = _upload(server, f"manifests/{asked['artifactID']}/{asked['name']}") if asked.get("includeUpload") else None
    file: dict[str, Any] = {"id": _id("file", asked["artifactID"]), "uploadUrl": url, "uploadHeaders": []}
    return {"createArtifactManifest": {"artifactManifest": {"id": _id("manifest", asked["artifactID"]), "file": file}}}


def _create_artifact_files(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    edges = []
    for file in asked["input"]["artifactFiles"]:
        url = _upload(server, f"artifacts/{file['artifactID']}/{file['name']}")
        edges.append({"node": {"storagePath": file["name"], "uploadUrl": url, "uploadHeaders": [],
                               "uploadMultipartUrls": None, "artifact": {"id": file["artifactID"]}}})  # fmt: skip
    return {"createArtifactFiles": {"files": {"edges": edges}}}


def _commit_artifact(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    known = server.artifacts[asked["artifactID"]]
    known["state"] = "COMMITTED"
    return {"commitArtifact": {"artifact": {"id": asked["artifactID"], "digest": known["digest"]}}}


def _projects(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    nodes = [server.project(*key) for key in server.projects if key[0] == asked["entity"]]
    info = {"__typename": "PageInfo", "endCursor": None, "hasNextPage": False}
    return {"models": {"pageInfo": info, "edges": [{"node": node} for node in nodes]}}


def _create_project(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    facts = asked["input"]
    made = server.project(facts["entityName"], facts["name"])
    return {"result": {"project": made, "model": made, "inserted": True}}


def _upsert_view(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    known = server.views.get(asked.get("id") or "")
    spec = json.loads(asked["spec"])
    if known:
        known.spec, known.title, known.kind, known.saved = spec, asked["displayName"], asked["type"], known.saved + 1
    else:
        made = _id("view", str(len(server.views))).replace("=", "")
        place = (asked["entityName"], asked["projectName"])
        known = server.views[made] = View(made, asked["type"], asked["displayName"], spec, *place)
    return {"upsertView": {"view": _view(server, known), "inserted": known.saved == 1}}


def _view(server: WandbServer, view: View) -> dict[str, Any]:
    return {"id": view.id, "name": "view", "type": view.kind, "displayName": view.title, "description": "",
            "project": server.project(view.entity, view.project), "createdAt": NOW, "updatedAt": NOW,
            "spec": json.dumps(view.spec)}  # fmt: skip


def _report(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    view = server.views.get(asked["reportId"])
    return {"view": _view(server, view) if view else None}


def _project_id(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    known = (asked["entityName"], asked["projectName"]) in server.projects
    return {"project": server.project(asked["entityName"], asked["projectName"]) if known else None}


def _viewer(_server: WandbServer, _asked: dict[str, Any]) -> dict[str, Any]:
    return {"viewer": {"id": _id("user", ENTITY), "entity": ENTITY, "username": ENTITY, "email": "", "name": ENTITY,
                       "flags": "{}", "admin": False, "deletedAt": None, "__typename": "User",
                       "apiKeys": {"edges": []}, "teams": {"edges": []}}}  # fmt: skip


_OPERATIONS: dict[str, Callable[[WandbServer, dict[str, Any]], dict[str, Any]]] = {
    "RunResumeStatus": _resume_status,
    "UpsertBucket": _upsert_bucket,
    "Runs": _runs,
    "CreateRunFiles": _create_run_files,
    "CreateArtifact": _create_artifact,
    "CreateArtifactManifest": _create_manifest,
    "CreateArtifactFiles": _create_artifact_files,
    "CommitArtifact": _commit_artifact,
    "ArtifactType": lambda _s, _a: {"project": {"artifact": None}},
    "ClientIDMapping": lambda _s, asked: {"clientIDMapping": {"serverID": asked["clientID"]}},
    "GetProjects": _projects,
    "CreateProject": _create_project,
    "upsertView": _upsert_view,
    "SpecificReport": _report,
    "ProjectInternalId": _project_id,
    "Viewer": _viewer,
    "GetViewer": _viewer,
    "GetDefaultEntity": _viewer,
    "ServerFeaturesQuery": lambda _s, _a: {"serverInfo": {"features": []}},
    "OrganizationCoreWeaveOrganizationID": lambda _s, _a: {"entity": {"organization": None}},
}


def _id(kind: str, name: str) -> str:
    return base64.b64encode(f"{kind}:{name}".encode()).decode()


def _upload(server: WandbServer, place: str) -> str:
    return f"{server.url}/upload/{urllib.parse.quote(place)}"


class _Listener(ThreadingHTTPServer):
    wandb: WandbServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed client resets its connection, which is no one's mistake."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_POST(self) -> None:
        body, parts, wandb = self._body(), self.path.strip("/").split("/"), self.server.wandb
        if parts[:2] == ["sdk", "otel"]:  # the client's telemetry about itself, in protobuf
            self._send(200, {})
            return
        sent = json.loads(body or b"{}")
        if parts == ["graphql"]:
            self._answer(sent.get("query", ""), lambda: wandb.graphql(sent["query"], sent.get("variables") or {}))
        elif parts[0] == "files" and parts[-1] == "file_stream":
            entity, project, name = (urllib.parse.unquote(part) for part in parts[1:4])
            self._answer("file_stream", lambda: wandb.file_stream(entity, project, name, sent))
        else:
            self._refuse()

    def do_PUT(self) -> None:
        content, place = self._body(), urllib.parse.unquote(self.path.partition("/upload/")[2])
        self._answer(f"upload {place}", lambda: self.server.wandb.uploads.update({place: content}) or {})

    def do_GET(self) -> None:
        if self.path == "/":  # that only asks whether anybody is there
            self._send(200, {})
        else:
            self._refuse()

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - as the library calls it

    def _refuse(self) -> None:
        self.server.wandb.unknown.append(f"{self.command} {self.path}")
        self._send(404, {"error": "unknown"})

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, what: str, make: Callable[[], dict[str, Any]]) -> None:
        with self.server.wandb.lock:
            status = self.server.wandb.fails(what)
            answer = {"error": "injected"} if status else make()
        self._send(status or 200, answer)

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
