from tests.classifier.fuzz import fuzz
from tests.classifier.mutations import mutated

FILES = 300


def test_spoilt_files_never_harm_the_process():
    findings = fuzz(range(FILES), seed=0)
    assert not findings.faults, str(findings)
    assert findings.outcomes["sound"] > FILES / 10
    assert findings.outcomes["refused"] > FILES / 10
    assert findings.grown_mb < 200, str(findings)


def test_a_number_always_gives_the_same_file():
    assert mutated(0, 5) == mutated(0, 5)
    assert mutated(0, 5) != mutated(1, 5)
