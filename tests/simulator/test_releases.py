"""One recording under several ids."""

from tests.simulator_process import SimulatorProcess


def test_a_further_release_is_the_same_recording(simulator, api):
    uri = simulator.state()["liked"][0]
    same, other = simulator.release(uri), simulator.release(uri, same_isrc=False)
    first, second, third = (
        api("GET", f"/tracks/{one.rpartition(':')[2]}").json() for one in (uri, same, other)
    )
    assert first["external_ids"] == second["external_ids"] != third["external_ids"]
    assert len({row["id"] for row in (first, second, third)}) == 3
    assert len({(row["name"], row["duration_ms"]) for row in (first, second, third)}) == 1
    assert simulator.like(uris=[same]) == [same] and simulator.state()["liked"][0] == same


def test_a_relinked_track_changes_its_id_everywhere_and_no_snapshot_tells(simulator, api):
    before, liked = simulator.playlist("Road trip"), simulator.state()["liked"]
    uri = before["uris"][3]
    new = simulator.relink(uri)
    after = simulator.playlist("Road trip")
    assert after["uris"] == [new if one == uri else one for one in before["uris"]]
    assert after["snapshot_id"] == before["snapshot_id"]
    assert simulator.state()["liked"] == [new if one == uri else one for one in liked]


def test_a_hand_puts_songs_in_another_order(simulator):
    before = simulator.playlist("Road trip")
    backwards = before["uris"][::-1]
    after = simulator.edit_playlist("reorder", before["id"], uris=backwards)
    assert after["uris"] == backwards and after["snapshot_id"] != before["snapshot_id"]


def test_releases_outlive_the_process(tmp_path):
    path = str(tmp_path / "state.json")
    with SimulatorProcess("--state", path) as simulator:
        new = simulator.release(simulator.state()["liked"][0])
        simulator.like(uris=[new])
        liked = simulator.state()["liked"]
    with SimulatorProcess("--state", path) as simulator:
        assert simulator.state()["liked"] == liked
