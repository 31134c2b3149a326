"""Settings: which source wins, what each becomes, and what is refused."""

from pathlib import Path

import pytest

from kflite import config
from kflite.config import DockerSettings
from kflite.errors import InputError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "STORE", "ARTIFACTS", "ON", "IMAGES", "PROFILE"):
        monkeypatch.delenv(f"KFLITE_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def users_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "config" / "kflite" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(("text", "value"), [("2.5", 2.5), ("90", 90.0)])
def test_a_tables_key_comes_from_the_environment_too(monkeypatch: pytest.MonkeyPatch, text: str, value: float) -> None:
    monkeypatch.setenv("KFLITE_KUBERNETES_PULL_S", text)
    monkeypatch.setenv("KFLITE_KUBERNETES_RESTRICTED", "true")
    monkeypatch.setenv("KFLITE_KUBERNETES_QUEUE", "1")
    settings = config.load({})
    assert (settings.kubernetes.pull_s, settings.kubernetes.restricted, settings.kubernetes.queue) == (value, True, "1")
    assert settings.origins["kubernetes.pull_s"] == "KFLITE_KUBERNETES_PULL_S"


def test_a_variable_of_a_table_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KFLITE_KUBERNETES_PULL_S", "soon")
    with pytest.raises(InputError, match="KFLITE_KUBERNETES_PULL_S"):
        config.load({})


def test_defaults_lie_below_the_platforms_data_folder(tmp_path: Path) -> None:
    settings = config.load()
    home = tmp_path / "data" / "kflite"
    assert (settings.home, settings.store, settings.artifacts) == (home, f"sqlite:///{home}/kflite.db", f"{home}/artifacts")
    assert (settings.on, settings.images, settings.docker) == ("local", (), DockerSettings())
    assert set(settings.origins.values()) == {"default"}


@pytest.mark.parametrize("given", ["~nobody-of-this-name/k", "~/k", ""])
def test_a_user_without_a_home_is_asked_for_one(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    with pytest.raises(InputError, match="there is no such home folder: set HOME"):
        config.load({"home": given})


def test_home_is_made_for_the_user_alone(tmp_path: Path) -> None:
    assert config.load({"home": str(tmp_path / "new" / "home")}).home.stat().st_mode & 0o777 == 0o700


def test_a_flag_beats_the_environment_beats_the_folders_file_beats_the_users_file(
    tmp_path: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = users_file(tmp_path, 'on = "docker"\n')
    assert (config.load().on, config.load().origins["on"]) == ("docker", str(user))
    (here / "kflite.toml").write_text('on = "process"\n')
    assert (config.load().on, config.load().origins["on"]) == ("process", str(here / "kflite.toml"))
    monkeypatch.setenv("KFLITE_ON", "inline")
    assert (config.load().on, config.load().origins["on"]) == ("inline", "KFLITE_ON")
    settings = config.load({"on": "kubernetes"})
    assert (settings.on, settings.origins["on"]) == ("kubernetes", "--on")


def test_an_empty_flag_or_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KFLITE_ON", "")
    assert config.load({"on": ""}).on == "local"


def test_relative_paths_start_where_they_were_written(tmp_path: Path, here: Path) -> None:
    users_file(tmp_path, 'artifacts = "things"\n')
    assert config.load().artifacts == str(tmp_path / "config" / "kflite" / "things")
    assert config.load({"artifacts": "things"}).artifacts == str(here / "things")
    assert config.load({"store": "sqlite:///runs.db"}).store == f"sqlite:///{here}/runs.db"
    assert config.load({"home": "~/k"}).home == tmp_path / "user" / "k"


def test_urls_stay_as_they_are() -> None:
    settings = config.load({"store": "postgresql://u@h/db", "artifacts": "s3://bucket/a/"})
    assert (settings.store, settings.artifacts) == ("postgresql://u@h/db", "s3://bucket/a")


def test_images_keep_their_order_in_a_table_and_in_the_environment(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = (("python:*", "mirror/python:3.11"), ("alpine*", "mirror/alpine"))
    (here / "kflite.toml").write_text('[images]\n"python:*" = "mirror/python:3.11"\n"alpine*" = "mirror/alpine"\n')
    assert config.load().images == expected
    monkeypatch.setenv("KFLITE_IMAGES", "a=b, c = d,")
    assert config.load().images == (("a", "b"), ("c", "d"))


def test_docker_settings_come_key_by_key(tmp_path: Path, here: Path) -> None:
    users_file(tmp_path, "[docker]\nimage_user = true\nreconnect_s = 5\n")
    (here / "kflite.toml").write_text("[docker]\nreconnect_s = 7.5\n")
    settings = config.load()
    assert settings.docker == DockerSettings(image_user=True, reconnect_s=7.5)
    assert settings.origins["docker.reconnect_s"] == str(here / "kflite.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('stor = "x"', "there is no setting stor: did you mean store?"),
        ("[docker]\nimage_usr = true", "there is no setting docker.image_usr: did you mean docker.image_user?"),
        ("[docker]\nimage_user = 1", "docker.image_user must be true or false, and is 1"),
        ("[docker]\nreconnect_s = true", "docker.reconnect_s must be a number of seconds, and is True"),
        ("docker = 1", "docker must be a table"),
        ("on = 1", "on must be text, and is 1"),
        ("on =", "this is not TOML"),
        ('images = ["a"]', "images must be a table"),
        ("[images]\na = 1", "images: 'a' must have the name of an image, and has 1"),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_key(here: Path, text: str, message: str) -> None:
    (here / "kflite.toml").write_text(text)
    with pytest.raises(InputError) as error:
        config.load()
    assert message in str(error.value)
    assert str(here / "kflite.toml") in str(error.value)


def test_the_environment_holds_rules_for_images_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KFLITE_IMAGES", "python:*=mirror/python:3.11, alpine*=registry:5000/alpine,")
    assert config.load().images == (("python:*", "mirror/python:3.11"), ("alpine*", "registry:5000/alpine"))


@pytest.mark.parametrize(
    ("text", "part"), [("python", "python"), ("=image", "=image"), ("python:*=", "python:*="), ("a=b,c", "c")]
)
def test_a_rule_for_images_without_an_image_is_refused(monkeypatch: pytest.MonkeyPatch, text: str, part: str) -> None:
    monkeypatch.setenv("KFLITE_IMAGES", text)
    with pytest.raises(InputError) as error:
        config.load()
    assert f"KFLITE_IMAGES: {part!r} is no rule: write PATTERN=IMAGE" in str(error.value)


def test_a_home_that_cannot_be_made_says_where_it_came_from(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "file").write_text("")
    monkeypatch.setenv("KFLITE_HOME", str(here / "file" / "home"))
    with pytest.raises(InputError, match="KFLITE_HOME"):
        config.load()


def test_results_may_be_used_for_ever_unless_days_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config.load().cache_days == 0.0
    monkeypatch.setenv("KFLITE_CACHE_DAYS", "1.5")
    assert config.load().cache_days == 1.5
    monkeypatch.setenv("KFLITE_CACHE_DAYS", "soon")
    with pytest.raises(InputError, match="KFLITE_CACHE_DAYS: cache_days must be a number of days, 0 for ever, and is 'soon'"):
        config.load()
