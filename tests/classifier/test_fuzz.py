import pytest

from tests.classifier.fuzz import fuzz
from tests.classifier.mutations import mutated

FEW, MANY = range(60), range(60, 300)


@pytest.mark.parametrize("files", [FEW, pytest.param(MANY, marks=pytest.mark.long)], ids=["few", "many"])
def test_spoilt_files_never_harm_the_process(files):
    findings = fuzz(files, seed=0)
    assert not findings.faults, str(findings)
    assert findings.outcomes["sound"] > len(files) / 10
    assert findings.outcomes["refused"] > len(files) / 10
    assert findings.grown_mb < 200, str(findings)


def test_a_number_always_gives_the_same_file():
    assert mutated(0, 5) == mutated(0, 5)
    assert mutated(0, 5) != mutated(1, 5)
