"""Downloads: cached, checked, whole or not there; archives that stay in their folder."""

import functools
import hashlib
import http.server
import io
import os
import pathlib
import tarfile
import threading
import zipfile

import pytest
from keras_native.utils import download
from keras_native.utils.download import extract_archive, get_file, keras_home, validate_file

DATA = b"digits" * 50_000


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; `/moved` redirects to a local file, `/short` breaks off."""

    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
        elif self.path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            self.wfile.write(DATA[:100])
        else:
            super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "data.bin").write_bytes(DATA)
    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture
def fetch(tmp_path):
    return functools.partial(get_file, cache_dir=str(tmp_path / "cache"))


def files(path):
    return sorted(name for _, _, names in os.walk(path) for name in names)


def test_download_then_cache(server, fetch, tmp_path, capsys):
    path = fetch("d.bin", f"{server}/data.bin", file_hash=hashlib.sha256(DATA).hexdigest())
    assert pathlib.Path(path).read_bytes() == DATA
    assert "[==============================]" in capsys.readouterr().out
    assert fetch("d.bin", "http://127.0.0.1:1/none") == path
    assert files(tmp_path / "cache") == ["d.bin"]


def test_wrong_file_in_the_cache_is_replaced(server, fetch):
    path = fetch("d.bin", f"{server}/data.bin")
    pathlib.Path(path).write_bytes(b"broken")
    fetch("d.bin", f"{server}/data.bin", md5_hash=hashlib.md5(DATA).hexdigest())
    assert pathlib.Path(path).read_bytes() == DATA


def test_wrong_hash_leaves_nothing(server, fetch, tmp_path):
    with pytest.raises(ValueError, match="expected hash 0000"):
        fetch("d.bin", f"{server}/data.bin", file_hash="0" * 32)
    assert files(tmp_path / "cache") == []


@pytest.mark.parametrize("what", ["missing", "short"])
def test_failed_download_leaves_nothing(server, fetch, tmp_path, what):
    with pytest.raises(OSError, match="404|broke off"):
        fetch("d.bin", f"{server}/{what}")
    assert files(tmp_path / "cache") == []


def test_other_schemes_are_refused(server, fetch):
    with pytest.raises(ValueError, match="expected a URL of http"):
        fetch("d.bin", "file:///etc/passwd")
    with pytest.raises(OSError, match="not allowed"):
        fetch("d.bin", f"{server}/moved")


@pytest.mark.parametrize("name", ["../up", "a/../../../up", "..", ""])
def test_names_outside_the_cache_are_refused(fetch, name):
    with pytest.raises(ValueError, match="expected a name inside"):
        fetch(name, "http://127.0.0.1:1/none")


def test_home_is_taken_from_the_environment(monkeypatch):
    monkeypatch.setenv("KERAS_HOME", "/some/where")
    assert keras_home() == "/some/where"
    monkeypatch.delenv("KERAS_HOME")
    assert keras_home().endswith(".keras")


def test_validate_file(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert validate_file(path, "900150983cd24fb0d6963f7d28e17f72")
    assert not validate_file(path, "0" * 64)


def tar_of(path, *members):
    with tarfile.open(path, "w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_archives_are_unpacked(tmp_path):
    tar_of(tmp_path / "a.tgz", (tarfile.TarInfo("sub/x.txt"), b"hello"))
    assert extract_archive(tmp_path / "a.tgz", tmp_path / "out")
    assert (tmp_path / "out/sub/x.txt").read_bytes() == b"hello"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as z:
        z.writestr("y.txt", "world")
    assert extract_archive(tmp_path / "a.zip", tmp_path / "out")
    assert (tmp_path / "out/y.txt").read_text() == "world"
    assert not extract_archive(__file__, tmp_path / "out")


def link(kind):
    member = tarfile.TarInfo("evil")
    member.type, member.linkname = kind, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    "member",
    [tarfile.TarInfo("../evil"), tarfile.TarInfo("/evil"), link(tarfile.SYMTYPE),
     link(tarfile.LNKTYPE), link(tarfile.FIFOTYPE)],
)  # fmt: skip
def test_hostile_tar_members_are_refused(tmp_path, member):
    tar_of(tmp_path / "a.tgz", (member, b""))
    with pytest.raises(ValueError, match="Archive member"):
        extract_archive(tmp_path / "a.tgz", tmp_path / "out")
    assert files(tmp_path / "out") == []


def test_hostile_zip_members_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as z:
        z.writestr("../evil", "x")
    with pytest.raises(ValueError, match="outside"):
        extract_archive(tmp_path / "a.zip", tmp_path / "out")


def test_bombs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_UNPACKED_LIMIT", 1 << 20)
    tar_of(tmp_path / "a.tgz", (tarfile.TarInfo("zeros"), bytes(5 << 20)))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("zeros", bytes(5 << 20))
    for name in ("a.tgz", "a.zip"):
        with pytest.raises(ValueError, match="would unpack to 5242880"):
            extract_archive(tmp_path / name, tmp_path / "out")
    assert files(tmp_path / "out") == []


def test_untar_is_whole_or_not_there(server, fetch, tmp_path):
    good = tmp_path / "served" / "good.tar.gz"
    tar_of(good, (tarfile.TarInfo("data/x.txt"), b"hello"))
    path = fetch("data", f"{server}/good.tar.gz", untar=True)
    assert files(tmp_path / "cache") == ["data.tar.gz", "x.txt"]
    assert pathlib.Path(path, "x.txt").read_bytes() == b"hello"
    bad = tmp_path / "served" / "bad.tar.gz"
    tar_of(bad, (tarfile.TarInfo("more/x.txt"), b"hello"), (link(tarfile.SYMTYPE), b""))
    with pytest.raises(ValueError, match="link or device"):
        fetch("more", f"{server}/bad.tar.gz", untar=True)
    assert files(tmp_path / "cache") == ["data.tar.gz", "more.tar.gz", "x.txt"]
    named = fetch("other", f"{server}/good.tar.gz", untar=True)  # beside what the archive holds
    assert pathlib.Path(named).name == "other" and not os.path.exists(named)
    assert pathlib.Path(path, "x.txt").read_bytes() == b"hello"
