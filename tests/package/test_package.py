"""The Debian package, as far as it can be tried without root: what is in it, what it asks for, what
lintian says. `make package-test` installs, upgrades and purges it in a clean Debian."""

import gzip
import os
import re
import subprocess

import pytest

from support.gateway import REPOSITORY, build_folder

MANUAL = {"encompass.1": "usr/share/man/man1", "encompass.conf.5": "usr/share/man/man5",
          "encompassd.8": "usr/share/man/man8"}


def said(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                          timeout=300, **more)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    place = tmp_path_factory.mktemp("package")
    said("cpack", "-G", "DEB", "-B", place, cwd=build_folder("ENCOMPASS_RELEASE"))
    made, = place.glob("encompass_*.deb")
    return made


@pytest.fixture(scope="module")
def unpacked(package):
    said("dpkg-deb", "-R", package, package.parent / "all")
    return package.parent / "all"


def test_lintian_finds_no_error(package):
    said("lintian", "--allow-root", "--fail-on", "error", package)


def test_everything_is_there_and_root_s(package):
    lines = [line.split() for line in said("dpkg-deb", "-c", package).splitlines()]
    assert {line[1] for line in lines} == {"root/root"}
    files = {line[5].removeprefix("./") for line in lines if not line[5].endswith("/")}
    for path in ["usr/bin/encompass", "usr/bin/encompassd", "etc/encompass/encompass.conf",
                 "usr/lib/systemd/system/encompassd.service", "usr/lib/sysusers.d/encompass.conf",
                 "usr/lib/tmpfiles.d/encompass.conf", "usr/share/encompass/config/mosquitto/acl",
                 "usr/share/doc/encompass/copyright", "usr/share/doc/encompass/changes.md.gz",
                 *(f"{folder}/{page}.gz" for page, folder in MANUAL.items())]:
        assert path in files, path
    for folder in ("templates", "config/names"):
        here = REPOSITORY / folder
        wanted = {f"usr/share/encompass/{folder}/{p.relative_to(here)}" for p in here.rglob("*") if p.is_file()}
        assert wanted and wanted <= files
    assert not [path for path in files if "tests/" in path or path.endswith((".c", ".h", ".cmake"))]


def test_the_configuration_is_the_site_s_and_the_libraries_are_asked_for(package, unpacked):
    assert (unpacked / "DEBIAN/conffiles").read_text().split() == ["/etc/encompass/encompass.conf"]
    depends = said("dpkg-deb", "-f", package, "Depends")
    for library in ("libcurl4", "libmosquitto1", "libsqlite3-0", "libsodium23", "libsystemd0", "libc6"):
        assert re.search(rf"\b{library}\b", depends), depends


def test_an_installation_by_hand_leaves_a_site_s_configuration_alone(tmp_path):
    def install():
        said("cmake", "--install", build_folder("ENCOMPASS_RELEASE"),
             env={**os.environ, "DESTDIR": str(tmp_path)})
    conf = tmp_path / "etc/encompass/encompass.conf"
    install()
    assert conf.read_bytes() == (REPOSITORY / "config/encompass.conf").read_bytes()
    conf.write_text("[log]\nlevel = warning\n")
    install()
    assert conf.read_text() == "[log]\nlevel = warning\n"


def test_the_scripts_leave_the_store_alone(unpacked):
    scripts = "".join((unpacked / "DEBIAN" / name).read_text() for name in ("postinst", "prerm", "postrm"))
    assert "rm " not in scripts and "userdel" not in scripts and "is kept" in scripts


def manual(unpacked, page, plain=True):
    text = gzip.decompress((unpacked / MANUAL[page] / f"{page}.gz").read_bytes()).decode()
    if not plain:
        return text
    return said("col", "-bx", input=said("mandoc", "-T", "utf8", "-O", "width=200", input=text))


@pytest.mark.parametrize("page", MANUAL)
def test_mandoc_has_nothing_against_a_page(unpacked, page):
    said("mandoc", "-T", "lint", "-W", "warning", input=manual(unpacked, page, plain=False))


def test_the_manual_has_every_command_with_its_help(unpacked):
    encompass = build_folder("ENCOMPASS_RELEASE") / "encompass"
    names = re.findall(r"^  ([a-z]+) +\S", said(encompass, "--help").split("Options of every")[0], re.M)
    words = manual(unpacked, "encompass.1")
    squeezed = re.sub(r"\s+", " ", words)
    assert len(names) > 15
    for name in names:
        assert re.search(rf"^ +encompass {name}$", words, re.M), name
        usage = said(encompass, name, "--help").removeprefix("usage: ")
        assert re.sub(r"\s+", " ", usage).split(" Options of every")[0].strip() in squeezed, name


def test_the_manual_has_every_key_that_the_example_has_and_no_more(unpacked):
    def keys(lines, section, key):
        found, now = set(), None
        for line in lines:
            if head := re.match(section, line):
                now = re.sub(r'"[^"]*"', '"*"', head[1]) if head[1].split()[0] != "adapter" else head[1]
            elif now and (name := re.match(key, line)):
                found.add((now, name[1]))
        return found
    example = keys((REPOSITORY / "config/encompass.conf").read_text().splitlines(),
                   r"#?\[(.+)\]$", r"#?([a-z_0-9]+) = ")
    page = keys(manual(unpacked, "encompass.conf.5", plain=False).replace("\\-", "-").splitlines(),
                r"\.Ss \[(.+)\]$", r"\.It Cm ([a-z_0-9]+)$")
    assert len(page) > 40 and page == example


def test_the_manual_has_the_daemon_s_options_and_no_more(unpacked):
    helped = said(build_folder("ENCOMPASS_RELEASE") / "encompassd", "--help")
    options = set(re.findall(r"--[a-z]+", helped))
    described = manual(unpacked, "encompassd.8").split("Its options are:")[1].split("SIGNALS")[0]
    assert options == set(re.findall(r"--[a-z]+", described))


def test_the_manual_has_every_event_that_may_want_somebody(unpacked):
    words = re.sub(r"\s+", " ", manual(unpacked, "encompassd.8").split("what to do:")[1])
    events = set()
    for path in (REPOSITORY / "gateway").rglob("*.c"):
        text = path.read_text()
        events |= set(re.findall(r'log_failure\("([a-z.]+)"', text))
        for level, name in re.findall(r'log_event\(\s*([^"]*)"([a-z.]+)"', text):
            if "ERROR" in level or "WARNING" in level:
                events.add(name)
    assert len(events) > 20
    assert not [name for name in events if not re.search(rf"(^|[ ,]){re.escape(name)}($|[ ,])", words)]


def test_no_other_page_is_made():
    done = subprocess.run([build_folder("ENCOMPASS_RELEASE") / "encompass", "manual", "passwd.5"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "encompass.conf.5" in done.stderr and not done.stdout
