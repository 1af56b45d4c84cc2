import numpy as np
import pytest

from pondasi.errors import UsageError
from pondasi.seeds import name_streams, open_stream, read_streams


def test_a_stream_is_the_same_whoever_opens_it_and_differs_from_every_other():
    first = open_stream(3, "shocks", 5).random(4)
    assert (first == open_stream(3, "shocks", 5).random(4)).all()
    for other in (open_stream(4, "shocks", 5), open_stream(3, "shocks", 6), open_stream(3, "shares", 5)):
        assert not (first == other.random(4)).any()


def test_named_streams_depend_on_the_name_alone():
    streams = name_streams(3, ["a", "b", "c"])
    assert (streams[[2, 0]] == name_streams(3, ["c", "a"])).all()
    assert not (streams == name_streams(4, ["a", "b", "c"])).any()
    assert len(name_streams(3, [])) == 0


def test_the_numbers_are_those_of_the_published_generator():
    # The first outputs of SplitMix64 from state 1234567, as its reference code prints them, to 53 bits.
    words = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    state = np.array([1234567], dtype=np.uint64)
    assert [float(read_streams(state, number)[0]) for number in range(3)] == [(word >> 11) * 2.0**-53 for word in words]


def test_draws_are_uniform_and_hang_together_neither_across_names_nor_numbers():
    streams = name_streams(0, (f"shares/{number}" for number in range(300)))
    draws = np.array([read_streams(streams, number) for number in range(300)])
    assert ((draws >= 0) & (draws < 1)).all()
    # Standard errors over 90,000 draws: mean 0.001, share of a tenth 0.001; 5 of them.
    assert abs(draws.mean() - 0.5) < 0.005
    assert np.abs(np.histogram(draws, 10, (0, 1))[0] / draws.size - 0.1).max() < 0.005
    # 45,000 correlations of 300 pairs each, standard error 0.058: the largest stays below 5.5 of them.
    for table in (draws, draws.T):
        apart = np.corrcoef(table) - np.eye(300)
        assert np.abs(apart).max() < 0.32


@pytest.mark.parametrize("draw", [lambda: open_stream(-1, "x"), lambda: name_streams(-1, ["x"])])
def test_a_negative_seed_is_refused(draw):
    with pytest.raises(UsageError):
        draw()
