"""What can be said about the deployment files without an engine to run them."""

import re
import subprocess
import sys
from pathlib import Path

from dotenv import dotenv_values

from organizer.supervisor import services
from organizer.supervisor.children import spawn

ROOT = Path(__file__).parent.parent
READ = re.compile(r"(?:env|env_bool|env_number|env_list|os\.environ\.get)\(\s*\"([A-Z_]+)\"")
ONLY_COMPOSE = {"POSTGRES_PASSWORD"}


def test_the_compose_file_fits_its_schema():
    # check-jsonschema installs a command, no module that -m could run from everywhere
    command = [
        str(Path(sys.executable).parent / "check-jsonschema"),
        "--builtin-schema",
        "vendor.compose-spec",
    ]
    done = subprocess.run([*command, "docker-compose.yml"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_names_every_setting_and_sets_none():
    example = dotenv_values(ROOT / ".env.example")
    read = set(READ.findall((ROOT / "organizer" / "settings.py").read_text()))
    assert set(example) == read | ONLY_COMPOSE
    assert not any(example.values())


def test_compose_asks_for_every_secret_that_the_example_marks():
    marked = re.findall(r"# \*.*\n([A-Z_]+)=", (ROOT / ".env.example").read_text())
    required = re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text())
    assert set(marked) == set(required)


def test_compose_starts_the_workers_that_make_run_starts():
    compose = (ROOT / "docker-compose.yml").read_text()
    run = ROOT / "run"
    for service in (services.worker_io(run), services.worker_ml(run), services.worker_train(run)):
        command = list(service.command)
        queue = command[command.index("-Q") + 1]
        block = compose.split(f"\n  {service.name}:")[1].split("\n\n")[0]
        assert f'"-Q", "{queue}"' in block and "healthcheck" in block


def test_training_stands_behind_everything_else():
    train = (ROOT / "docker-compose.yml").read_text().split("\n  worker-train:")[1].split("\n\n")[0]
    assert "mem_limit: 2g" in train and 'OMP_NUM_THREADS: "1"' in train and '["nice", "-n", "10"' in train
    assert "cpu_shares: 110" in train


def test_training_stands_behind_other_sessions_too(tmp_path: Path):
    assert services.worker_train(ROOT).command[: len(services.NICE)] == services.NICE
    group = Path("/proc/self/autogroup")  # only some kernels have it
    told = f"import os, pathlib as p; print(os.nice(0), {group.exists()} and p.Path('{group}').read_text())"
    process = spawn((*services.NICE, sys.executable, "-c", told), log=tmp_path / "told")
    assert process.wait(120) == 0
    said = (tmp_path / "told").read_text()
    assert said.startswith("10 ") and ("nice 10" in said or not group.exists())


def test_the_image_installs_what_make_run_installs():
    install = re.compile(r"pip install.*?((?:--no-deps )?-r [\w.-]+)")
    runtime = (ROOT / "Makefile").read_text().split("\n.venv/runtime:")[1].split("\n\n")[0]
    image = (ROOT / "Dockerfile").read_text()
    assert (
        install.findall(image)
        == install.findall(runtime)
        == [
            "-r requirements.txt",
            "--no-deps -r requirements-no-deps.txt",
        ]
    )
    assert "COPY requirements.txt requirements-no-deps.txt ./" in image
