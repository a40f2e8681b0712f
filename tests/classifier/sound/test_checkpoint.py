from pathlib import Path

import numpy as np
import pytest

from classifier.errors import ModelError
from classifier.sound import checkpoint
from classifier.sound.crc32c import crc32c
from tests.classifier.sound import bundles

TENSORS = {
    "conv2d/bias": np.arange(3, dtype=np.float32),
    "conv2d/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "conv2d/kernel/Adam": np.ones((2, 3, 4), np.float32),
    "dense/kernel": np.linspace(-1, 1, 9000, dtype=np.float32).reshape(90, 100),
    "scale": np.array(2.5, np.float32),
}


@pytest.fixture
def prefix(tmp_path) -> str:
    bundles.write(f"{tmp_path}/", TENSORS)
    return f"{tmp_path}/"


def refusal(prefix: str) -> str:
    with pytest.raises(ModelError) as caught:
        checkpoint.read(prefix)
    assert str(caught.value).startswith("The checkpoint ") and str(caught.value).endswith(".")
    return str(caught.value)


def index_of(prefix: str) -> Path:
    return Path(f"{prefix}.index")


def data_of(prefix: str) -> Path:
    return Path(f"{prefix}.data-00000-of-00001")


@pytest.mark.parametrize(
    ("data", "checksum"),  # RFC 3720, B.4
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_the_checksum_is_castagnolis(data, checksum):
    assert crc32c(data) == checksum


@pytest.mark.parametrize("size", [0, 511, 512, 10_001])
def test_the_checksum_of_a_long_part_is_that_of_its_bytes_one_by_one(size):
    data = np.random.default_rng(size).bytes(size)
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    assert crc32c(data) == register ^ 0xFFFFFFFF


def test_tensors_come_back_by_name_without_the_optimisers(prefix):
    read = checkpoint.read(prefix)
    assert set(read) == set(TENSORS) - {"conv2d/kernel/Adam"}
    for name, array in read.items():
        assert array.shape == TENSORS[name].shape and array.dtype == np.float32
        assert (array == TENSORS[name]).all()


def test_tensors_of_other_types_are_left_out(prefix):
    step = np.array(7, np.int64)
    index_of(prefix).write_bytes(
        bundles.index([bundles.block([bundles.header(), (b"step", bundles.entry(step, 0, dtype=9))])])
    )
    assert checkpoint.read(prefix) == {}


def test_a_missing_file_is_told(tmp_path):
    assert "No such file" in refusal(f"{tmp_path}/")


def test_a_flipped_bit_in_the_data_is_noticed(prefix):
    data = bytearray(data_of(prefix).read_bytes())
    data[5000] ^= 1
    data_of(prefix).write_bytes(data)
    assert "checksum of dense/kernel" in refusal(prefix)


def test_data_that_end_early_are_noticed(prefix):
    data_of(prefix).write_bytes(data_of(prefix).read_bytes()[:-40])
    assert "ends before" in refusal(prefix)


def test_every_flipped_byte_of_the_index_is_noticed_or_harmless(prefix):
    whole, expected = index_of(prefix).read_bytes(), checkpoint.read(prefix)
    for at in range(len(whole)):
        index_of(prefix).write_bytes(whole[:at] + bytes([whole[at] ^ 0x15]) + whole[at + 1 :])
        try:
            read = checkpoint.read(prefix)
        except ModelError:
            continue
        assert {name: array.tolist() for name, array in read.items()} == {
            name: array.tolist() for name, array in expected.items()
        }


def test_every_cut_of_the_index_is_noticed(prefix):
    whole = index_of(prefix).read_bytes()
    for length in range(len(whole)):
        index_of(prefix).write_bytes(whole[:length])
        refusal(prefix)


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        (bundles.block([bundles.header(shards=2)]), "several data files"),
        (bundles.sealed(bytes(12), compression=1), "compressed"),
        (bundles.sealed(b"\x00\x05\x05abc" + bytes(3) + b"\x01\0\0\0"), "cut off"),
        (bundles.sealed(b"\0"), "too short"),
        (bundles.block([(b"\xff", bundles.field(1, 1))]), "no text"),
        (bundles.block([(b"a", bundles.field(1, b"x"))]), "no number"),
        (bundles.block([(b"a", bundles.field(1, 1) + bundles.field(2, 7))]), "no message"),
        (bundles.block([(b"a", b"\x08\xff")]), "cut off"),
        (bundles.block([(b"a", b"\x0b\x00")]), "unknown kind"),
        (bundles.block([(b"a", b"\x0a\x7f")]), "cut off"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(prefix, block, sentence):
    index_of(prefix).write_bytes(bundles.index([block]))
    assert sentence in refusal(prefix)
