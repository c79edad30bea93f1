"""Downloads against a server on loopback: cache, resume, checksums, offline."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlparse

import pytest

from napari_stentrans.cli import main
from napari_stentrans.datasets import downloads, public, samples
from napari_stentrans.datasets.downloads import download, is_here
from napari_stentrans.datasets.public import PublicSection, RemoteFile, public_sections
from napari_stentrans.errors import DownloadError, InvalidRequestError
from napari_stentrans.io import read_section

CONTENT = bytes(range(256)) * 12_000


class Server(ThreadingHTTPServer):
    """Serves `files`; breaks the connection off after `breaks` bytes, once each."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.breaks, self.asked = {}, [], []
        self.ranges = True

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.asked.append((urlparse(self.path).path, wanted))
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        first = int(re.match(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
        if first and first >= len(content):
            self.send_error(416)
            return
        first = first if self.server.ranges else 0
        body = content[first:]
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(body)))
        if first:
            span = f"bytes {first}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", span)
        self.end_headers()
        if self.server.breaks:
            self.wfile.write(body[: self.server.breaks.pop(0)])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server() as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def offer(server, monkeypatch):
    """Make files of the server into the one public section there is."""

    def make(files: dict[str, bytes], *, checksums: bool = True, **more: bytes):
        remote = []
        for name, content in (files | more).items():
            server.files[f"/{name}"] = content
            sha256 = hashlib.sha256(content).hexdigest() if checksums else None
            remote.append(RemoteFile(f"{server.base}/{name}", name, sha256))
        section = PublicSection("tiny", "A tiny section", tuple(remote))
        monkeypatch.setattr(public, "public_sections", lambda: {"tiny": section})
        return section

    return make


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def leftovers(folder) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name.endswith(".part")]


def test_a_file_is_fetched_once_and_then_kept(offer, server, tmp_path):
    section = offer({"a.bin": CONTENT})
    assert not is_here(section, tmp_path)

    path = download("tiny", tmp_path)

    assert path.read_bytes() == CONTENT
    assert is_here(section, tmp_path)
    assert download("tiny", tmp_path) == path
    assert len(server.asked) == 1
    assert leftovers(tmp_path) == []


def test_progress_is_told_in_megabytes(offer, tmp_path):
    offer({"a.bin": CONTENT})
    told = []

    download("tiny", tmp_path, told.append)

    steps = [progress.step for progress in told]
    assert steps == sorted(steps)
    assert steps[-1] == told[-1].n_steps == len(CONTENT) >> 20


def test_a_connection_that_breaks_is_taken_up_at_once(offer, server, tmp_path):
    offer({"a.bin": CONTENT})
    server.breaks = [1_000_000, 1_000_000]

    path = download("tiny", tmp_path)

    assert path.read_bytes() == CONTENT
    firsts = [0 if wanted is None else int(wanted[6:-1]) for _, wanted in server.asked]
    assert len(firsts) == 3
    assert firsts == sorted(set(firsts))


def test_a_stopped_download_goes_on_the_next_time(offer, server, tmp_path):
    offer({"a.bin": CONTENT})
    with pytest.raises(DownloadError, match="goes on from there"):
        download("tiny", tmp_path, lambda progress: progress.step >= 1)
    assert not (tmp_path / "tiny" / "a.bin").exists()

    path = download("tiny", tmp_path)

    assert path.read_bytes() == CONTENT
    assert int(server.asked[-1][1][6:-1]) > 0
    assert leftovers(tmp_path) == []


def test_a_server_that_cannot_resume_sends_all_again(offer, server, tmp_path):
    offer({"a.bin": CONTENT})
    server.ranges = False
    server.breaks = [1_000_000]

    assert download("tiny", tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("stale", [b"\0" * 5000, b"\0" * (len(CONTENT) + 1)])
def test_a_stale_beginning_is_thrown_away(offer, tmp_path, stale):
    offer({"a.bin": CONTENT})
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / ".a.bin.part").write_bytes(stale)

    assert download("tiny", tmp_path).read_bytes() == CONTENT


def test_a_wrong_checksum_keeps_nothing(offer, server, tmp_path):
    offer({"a.bin": CONTENT})
    server.files["/a.bin"] = CONTENT[:-1] + b"!"

    with pytest.raises(DownloadError, match="checksum"):
        download("tiny", tmp_path)

    assert not (tmp_path / "tiny" / "a.bin").exists()
    assert leftovers(tmp_path) == []


def test_a_damaged_file_in_the_cache_is_fetched_again(offer, tmp_path):
    offer({"a.bin": CONTENT})
    path = download("tiny", tmp_path)
    path.write_bytes(b"damaged")

    assert download("tiny", tmp_path).read_bytes() == CONTENT


def test_without_a_checksum_the_first_download_is_trusted(offer, server, tmp_path):
    offer({"a.bin": CONTENT}, checksums=False)
    path = download("tiny", tmp_path)
    path.unlink()
    server.files["/a.bin"] = b"something else"

    with pytest.raises(DownloadError, match="checksum"):
        download("tiny", tmp_path)

    server.files["/a.bin"] = CONTENT
    assert download("tiny", tmp_path).read_bytes() == CONTENT


def test_offline_is_said(offer, server, tmp_path):
    offer({"a.bin": CONTENT})
    server.shutdown()
    server.server_close()

    with pytest.raises(DownloadError, match="Are you online"):
        download("tiny", tmp_path)


def test_a_file_that_is_gone_is_said(offer, server, tmp_path):
    offer({"a.bin": CONTENT})
    server.files.clear()

    with pytest.raises(DownloadError, match="not to be had"):
        download("tiny", tmp_path)


def packed(folder, name="spatial") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(folder, name)
    return buffer.getvalue()


@pytest.fixture
def visium() -> dict[str, bytes]:
    outs = samples()["simulated_visium"] / "outs"
    return {
        "filtered_feature_bc_matrix.h5": (
            outs / "filtered_feature_bc_matrix.h5"
        ).read_bytes(),
        "spatial.tar.gz": packed(outs / "spatial"),
    }


def test_a_visium_section_opens_as_if_it_had_been_there(offer, visium, tmp_path):
    offer(visium)

    section = read_section(download("tiny", tmp_path))

    assert (
        section.fingerprint == read_section(samples()["simulated_visium"]).fingerprint
    )
    assert section.image is not None
    assert section.name == "tiny"
    assert not list((tmp_path / "tiny").glob("*.tar.gz"))


def test_an_archive_is_unpacked_once(offer, server, visium, tmp_path):
    section = offer(visium)
    download("tiny", tmp_path)
    n_asked = len(server.asked)

    assert is_here(section, tmp_path)
    download("tiny", tmp_path)

    assert len(server.asked) == n_asked


def cut_off(archive: bytes) -> bytes:
    return archive[: len(archive) // 2]


def damaged(archive: bytes) -> bytes:
    return archive[:-8] + bytes(8)  # where its checksum and its length are


def deflated_wrongly(archive: bytes) -> bytes:
    return archive[:2000] + b"\xff" * 500 + archive[2500:]


@pytest.mark.parametrize("checksums", [True, False])
@pytest.mark.parametrize(
    "arrives",
    [
        pytest.param(lambda _: b"<!DOCTYPE html><p>Please log in", id="log-in"),
        cut_off,
        damaged,
        deflated_wrongly,
    ],
)
def test_a_broken_archive_is_neither_kept_nor_trusted(
    offer, server, visium, tmp_path, arrives, checksums
):
    good = visium["spatial.tar.gz"]
    offer(visium | {"spatial.tar.gz": arrives(good)}, checksums=checksums)

    with pytest.raises(DownloadError, match="gz arrived, but"):
        download("tiny", tmp_path)

    assert [path.name for path in tmp_path.rglob("*spatial*")] == []
    offer(visium, checksums=checksums)
    assert read_section(download("tiny", tmp_path)).n_spots > 0


@pytest.mark.parametrize("name", ["a.h5", "a.tsv.gz", "a.tif"])
def test_a_page_in_place_of_a_file_is_neither_kept_nor_trusted(
    offer, server, tmp_path, name
):
    begins = {"a.h5": b"\x89HDF\r\n\x1a\n", "a.tsv.gz": b"\x1f\x8b", "a.tif": b"II+\0"}
    offer({name: b"<html>Please log in"}, checksums=False)

    with pytest.raises(DownloadError, match="page that asks for a log-in"):
        download("tiny", tmp_path)

    server.files[f"/{name}"] = begins[name] + CONTENT
    assert download("tiny", tmp_path).read_bytes() == begins[name] + CONTENT


def test_an_archive_cannot_write_elsewhere(offer, visium, tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../../outside.txt"), io.BytesIO())
    offer(visium | {"spatial.tar.gz": buffer.getvalue()})

    with pytest.raises(DownloadError):
        download("tiny", tmp_path)

    assert not (tmp_path / "outside.txt").exists()
    assert not (tmp_path.parent / "outside.txt").exists()


def test_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(InvalidRequestError, match="human_heart"):
        download("human_hart", tmp_path)


def test_the_cache_can_be_moved(offer, tmp_path, monkeypatch):
    monkeypatch.setenv("STENTRANS_CACHE", str(tmp_path / "here"))
    offer({"a.bin": CONTENT})

    assert download("tiny") == tmp_path / "here" / "tiny" / "a.bin"


def test_every_listed_file_has_an_address_and_most_a_checksum():
    sections = public_sections().values()
    for section in sections:
        for file in (*section.files, *filter(None, [section.picture])):
            assert urlparse(file.url).scheme == "https"
            assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)
    unsure = [s.name for s in sections if any(f.sha256 is None for f in s.files)]
    assert unsure == ["human_invasive_ductal_carcinoma", "human_melanoma"]


@pytest.fixture
def from_cli(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("STENTRANS_CACHE", str(tmp_path))

    def run(*words: str):
        code = main(["download", *words])
        return code, capsys.readouterr()

    return run


def test_the_command_lists_fetches_and_says_where(offer, from_cli, tmp_path):
    offer({"a.bin": CONTENT})
    assert from_cli()[1].out == "tiny  A tiny section\n"

    code, said = from_cli("tiny")

    assert code == 0
    assert said.out.strip() == str(tmp_path / "tiny" / "a.bin")
    assert from_cli()[1].out == "tiny  A tiny section, here already\n"


def test_the_command_says_what_went_wrong(offer, server, from_cli):
    offer({"a.bin": CONTENT})
    assert from_cli("other")[0] == 2
    server.files["/a.bin"] = b"no"

    code, said = from_cli("tiny")

    assert code == 3
    assert "checksum" in said.err
    assert "Traceback" not in said.err


def test_the_command_is_honest_about_unknown_checksums(offer, from_cli):
    offer({"a.bin": CONTENT}, checksums=False)

    assert "no checksum of a.bin is known" in from_cli("tiny")[1].err


def test_a_picture_that_is_not_there_is_said(offer, tmp_path):
    offer({"a.bin": CONTENT})
    with pytest.raises(DownloadError, match="no full-resolution picture"):
        downloads.download("tiny", tmp_path, picture=True)
