"""Every command once, as a process of its own against a real server."""

import hashlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from annotator.accounts.models import Role
from annotator.accounts.tokens import create_token
from annotator.generation.filling import fill_batch
from annotator.generation.models import Batch, Clip
from annotator.prompts.models import Prompt
from demo.processes import Process
from inference_worker.blobs import BlobStore
from inference_worker.formats.fitting import make_file
from inference_worker.formats.table import FORMATS
from stickerloop.client import Client
from stickerloop.commands.exports import fetch
from stickerloop.errors import Refused
from stickerloop.operations import EXPORTS
from tests.annotator.actors import annotator, checkpoint, open_batch, person
from tests.annotator.stickers import drawn, encoded
from tests.annotator.studio import GpuWorker, clips_of, prompt_set, queued_batch
from tests.conftest import Live
from tests.inference_worker.test_formats import bobbing

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


@dataclass
class Shell:
    """A terminal of somebody with a token."""

    live: Live
    port: str
    token: str
    home: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> Process:
        server = self.live.start("web", PORT=self.port)
        until = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{self.url}/api/v1/schema/")
                return server
            except httpx.TransportError:
                assert time.monotonic() < until, self.live.started[-1].explain(server)
                time.sleep(0.2)

    def popen(self, *arguments: object, **more: str) -> "subprocess.Popen[str]":
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "STICKERLOOP_URL": self.url,
            "STICKERLOOP_TOKEN": self.token, **more,
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-m", "stickerloop", *map(str, arguments)],
            env=environment,
            text=True,
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Tests that were started in the background ignore Ctrl-C, and so would what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )

    def run(self, *arguments: object, stdin: str = "", status: int = 0, **more: str) -> tuple[str, str]:
        process = self.popen(*arguments, **more)
        out, err = process.communicate(stdin, timeout=60)
        assert process.returncode == status, (arguments, out, err)
        assert "Traceback" not in err
        return out, err

    def json(self, *arguments: object) -> Any:
        return json.loads(self.run(*arguments, "--json")[0])

    def lines(self, *arguments: object) -> list[Any]:
        return [json.loads(line) for line in self.run(*arguments, "--json")[0].splitlines()]


@pytest.fixture
def shell(live: Live, tmp_path: Path) -> Shell:
    _, secret = create_token(user=person("adam", Role.ADMIN), name="laptop")
    made = Shell(live, free_port(), secret, tmp_path)
    made.serve()
    return made


def test_a_token_is_kept_for_its_own_server_alone(shell: Shell):
    nothing = {"STICKERLOOP_TOKEN": "", "STICKERLOOP_URL": ""}
    assert "stickerloop login" in shell.run("whoami", status=1, **nothing)[1]
    shell.run("login", "--url", shell.url, stdin=f"{shell.token}\n", **nothing)
    kept = shell.home / ".config" / "stickerloop" / "config.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "adam" in shell.run("whoami", **nothing)[0]
    assert "no token for http://localhost" in shell.run("whoami", "--url", "http://localhost:1", status=1, **nothing)[1]


def test_a_broken_token_says_how_to_make_one(shell: Shell):
    out, err = shell.run("batches", "list", status=1, STICKERLOOP_TOKEN="slp_broken")
    assert not out
    assert "not known here" in err
    assert "stickerloop login" in err


def test_prompts_are_imported_once(shell: Shell):
    (shell.home / "a.png").write_bytes(encoded(drawn()))
    (shell.home / "b.png").write_bytes(encoded(drawn(size=(80, 80))))
    file = shell.home / "p.csv"
    file.write_text("caption,sticker,external_id,split\na dog jumping,a.png,,\na cat  waving,b.png,cat,heldout\n")
    first = shell.json("prompts", "import", file, "--set", "Spring", "--licence", "CC0-1.0")
    assert (first["added"], first["there"]) == (2, 0)
    again = shell.json("prompts", "import", file, "--set", "Spring")
    assert (again["added"], again["there"], again["prompts"]) == (0, 2, 2)
    assert [item["name"] for item in shell.lines("prompts", "list")] == ["Spring"]
    assert {item["split"] for item in shell.lines("prompts", "show", "Spring")} == {"hitl", "heldout"}
    assert "a dog jumping" in shell.run("prompts", "show", first["prompt_set"])[0]

    file.write_text("caption,sticker\na dog,a.png\na cat,c.png\n")
    assert "row 3, column sticker" in shell.run("prompts", "import", file, "--set", "New", status=1)[1]
    assert Prompt.objects.count() == 2


def test_a_batch_is_made_and_steered(shell: Shell):
    chosen, model = prompt_set(2), checkpoint("teacher")
    assert shell.lines("checkpoints", "list")[0]["name"] == "teacher"
    made = shell.json("batches", "create", "Spring 1", "--set", chosen.name, "--source", "teacher:3:steps=9")
    number = made["id"]
    assert made["sources"][0]["clips_per_prompt"] == 3
    assert made["sources"][0]["settings"]["steps"] == 9
    by_number = shell.json("batches", "create", "Spring 2", "--set", chosen.pk, "--source", f"{model.pk}:2")
    assert [item["name"] for item in shell.lines("batches", "list")] == ["Spring 2", "Spring 1"]
    paused = shell.json("batches", "pause", number, "--only", "generation")
    assert (paused["generation_paused"], paused["annotation_paused"]) == (True, False)
    assert not shell.json("batches", "resume", number)["generation_paused"]
    assert shell.json("batches", "priority", number, "7")["priority"] == 7
    assert shell.json("batches", "show", number)["priority"] == 7
    assert shell.json("batches", "retry", number) == {"retried": 0}
    assert shell.json("batches", "retry", number, "--error", "out of memory") == {"retried": 0}
    assert shell.json("batches", "close", number)["state"] == "closed"
    assert shell.json("batches", "cancel", by_number["id"])["state"] == "cancelled"
    assert (
        "there are: teacher" in shell.run("batches", "create", "X", "--set", chosen.name, "--source", "no", status=1)[1]
    )
    assert "at least one --source" in shell.run("batches", "create", "X", "--set", chosen.name, status=1)[1]
    assert "SETTING=VALUE" in shell.run("batches", "create", "X", "--set", "a", "--source", "a:1:b", status=2)[1]


def test_a_batch_is_estimated_extended_and_cloned(shell: Shell):
    chosen, model = prompt_set(12), checkpoint("teacher")
    few = ("--set", chosen.name, "--source", "teacher:2:steps=9", "--words", "number 1", "--sample", "2")
    asked = shell.json("batches", "create", "Few", *few, "--dry-run")
    assert (asked["tasks"], asked["clips"], asked["seconds"]) == (2, 4, None)
    assert asked["sources"][0]["seconds_a_clip"] is None
    assert not Batch.objects.exists()
    made = shell.json("batches", "create", "Few", *few)
    batch = Batch.objects.get()
    assert (made["prompts"], made["words"], made["sample"]) == (2, ["number 1"], 2)

    assert shell.json("batches", "extend", batch.pk, "--sample", "3", "--dry-run")["clips"] == 2
    assert shell.json("batches", "extend", batch.pk, "--sample", "3")["prompts"] == 3
    assert "No prompt is left to add" in shell.run("batches", "extend", batch.pk, "--sample", "9", status=1)[1]

    GpuWorker().finish(*clips_of(batch))
    new = shell.json("batches", "clone", batch.pk, "New")
    assert (new["words"], new["sources"][0]["settings"]["steps"]) == (["number 1"], 9)
    assert new["seed_base"] != batch.seed_base
    assert shell.json("batches", "clone", batch.pk, "Same", "--clips", "same", "--dry-run")["already_there"] == 6
    checkpoint("student")
    taken = shell.json("batches", "clone", batch.pk, "Both", "--clips", "taken", "--source", "student:2")
    assert [source["clips_of"] and source["clips_of"]["batch"] for source in taken["sources"]] == [batch.pk, None]
    source = made["sources"][0]["id"]
    again = shell.json("batches", "create", "Again", "--set", chosen.name, "--clips-of", f"{source}:2")
    assert (again["prompts"], again["progress"]["clips"]["ready"]) == (3, 6)
    assert "number of a source" in shell.run("batches", "create", "X", "--set", "a", "--clips-of", "x", status=2)[1]
    assert model.clips.count() == 12


def test_an_unknown_batch_is_said_in_a_sentence(shell: Shell):
    for verb in ("show", "watch", "cancel"):
        out, err = shell.run("batches", verb, 99, status=1)
        assert not out
        assert "nothing at this address" in err


def test_a_list_of_several_pages_is_whole(shell: Shell):
    many = prompt_set(230)
    assert len(shell.lines("prompts", "show", many.pk)) == 230


def test_watching_goes_on_after_a_killed_server(shell: Shell):
    batch = queued_batch(prompts=2)
    while fill_batch(batch.pk):
        pass
    server = shell.live.started[-1].running[0]
    watching = shell.popen("batches", "watch", batch.pk, "--every", "0.2", "--json")
    assert watching.stdout is not None
    assert json.loads(watching.stdout.readline())["progress"]["clips"]["ready"] == 0
    os.killpg(server.popen.pid, signal.SIGKILL)
    server.popen.wait(30)
    time.sleep(1)
    assert watching.poll() is None
    shell.serve()
    GpuWorker().finish(*clips_of(batch))
    out, err = watching.communicate(timeout=60)
    assert watching.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["progress"]["clips"]["ready"] == 4
    assert "asking again" in err
    assert "4/4" in err


def test_watching_ends_when_all_is_annotated_or_interrupted(shell: Shell):
    batch = open_batch(tasks=2)
    watching = shell.popen("batches", "watch", batch.pk, "--until", "annotated", "--json")
    assert watching.stdout is not None
    watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    assert watching.wait(30) == 130
    annotator().judge_all(batch)
    shell.run("batches", "watch", batch.pk, "--until", "annotated")


def test_clips_are_downloaded_once_under_their_names(shell: Shell):
    batch = open_batch(tasks=2, candidates=2)
    master = BlobStore(settings.BLOBS_URL).put(make_file(bobbing(4, 32), FORMATS["webp"]), "webp")
    Clip.objects.update(master=master)
    folder = shell.home / "clips"
    assert len(shell.lines("clips", "list", batch.pk, "--state", "ready")) == 4
    assert shell.json("clips", "download", batch.pk, "-o", folder, "--format", "gif")["fetched"] == 4
    files = sorted(folder.iterdir())
    assert all(re.fullmatch(r"\d+-a_sticker_number_\d_jumping-model_\d+-\w{12}-gif\.gif", one.name) for one in files)
    assert all(one.read_bytes().startswith(b"GIF89a") for one in files)
    files[0].unlink()
    again = shell.json("clips", "download", batch.pk, "-o", folder, "--format", "gif")
    assert (again["fetched"], again["there"]) == (1, 3)


def test_labels_are_exported_whole_or_not_at_all(shell: Shell, live: Live):
    live.start("jobs")
    batch = open_batch(tasks=3)
    annotator().judge_all(batch)
    out = shell.home / "labels.zip"
    said = shell.json("labels", "export", "--layout", "verdicts-csv", "--batch", batch.pk, "-o", out)
    shown = shell.json("labels", "show")
    assert said["rows"] == shown["verdicts"] == 12
    assert hashlib.sha256(out.read_bytes()).hexdigest() == said["sha256"]
    with zipfile.ZipFile(out) as archive:
        assert len(archive.read("verdicts.csv").splitlines()) == 13
    assert len(shell.lines("shares", "--batch", batch.pk)) == 2
    assert "%" in shell.run("shares")[0]
    err = shell.run("labels", "export", "-o", "/proc/labels.zip", status=1)[1]
    assert "/proc/labels.zip cannot be written" in err
    err = shell.run("labels", "export", "--release", "autumn", status=1)[1]
    assert "no release 'autumn'; there are: none yet" in err
    err = shell.run("labels", "export", "--layout", "folder", "-o", out, status=1)[1]
    assert "This layout takes one of webp, mp4, frames, master" in err
    assert sorted(path.name for path in shell.home.glob("*labels*")) == ["labels.zip"]


def test_a_download_that_was_cut_goes_on_where_it_was(shell: Shell, live: Live):
    live.start("jobs")
    annotator().judge_all(open_batch(tasks=3))
    first, second = shell.home / "first.zip", shell.home / "second.zip"
    said = shell.json("labels", "export", "--layout", "verdicts-parquet", "-o", first)
    release = shell.home / f"second.zip.{said['sha256'][:8]}.part"
    release.write_bytes(first.read_bytes()[:1000])
    client = Client(url=shell.url, token=shell.token)
    fetch(client, next(iter(client.pages(EXPORTS))), second)
    assert second.read_bytes() == first.read_bytes()
    release.write_bytes(b"x" * 1000)
    with pytest.raises(Refused, match="not what was written"):
        fetch(client, next(iter(client.pages(EXPORTS))), second)
    assert not release.exists()


def test_a_full_disk_is_said(shell: Shell):
    annotator().judge_all(open_batch(tasks=1))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "stickerloop", "shares"], cwd=settings.BASE_DIR, stdout=full, text=True,
            stderr=subprocess.PIPE, check=False,
            env={"PATH": os.environ["PATH"], "STICKERLOOP_URL": shell.url, "STICKERLOOP_TOKEN": shell.token},
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "No space left on device" in done.stderr


def test_admins_invite(shell: Shell):
    assert shell.lines("people", "list")[0]["username"] == "adam"
    assert "/join" in shell.json("people", "invite", "--role", "researcher", "--note", "Rosa")["link"]


def test_a_server_that_is_not_there_is_said(shell: Shell):
    err = shell.run("whoami", "--url", "nonsense", status=1)[1]
    assert "https://… is expected" in err
